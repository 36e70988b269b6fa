/** What the route handlers share: finding a resource that the client may see, and presenting lists and times. */
import { type ErrorCode, errorMessage } from '../../contract/errors.ts';
import type { Page } from '../calls/index.ts';
import { Failure, rfc3339 } from '../core/index.ts';
import type { Application } from '../directory/index.ts';

/**
 * Returns a resource of the client's application; the operator (null) sees all resources.
 *
 * Fails with `code` if the resource does not exist or belongs to another application, so that the two look the same.
 */
export function visible<T extends { applicationId: string | null }>(
  found: T | undefined,
  client: Application | null,
  code: ErrorCode,
): T {
  if (found && (client === null || found.applicationId === client.id)) return found;
  throw new Failure(code, errorMessage(code));
}

/** Returns a resource of the client's customer; the operator (null) sees all. Fails with `code` like `visible`. */
export function ownedByCustomer<T extends { customerId: string | null }>(
  found: T | undefined,
  client: Application | null,
  code: ErrorCode,
): T {
  if (found && (client === null || found.customerId === client.customerId)) return found;
  throw new Failure(code, errorMessage(code));
}

/** Returns a resource that exists. Fails with `code`. */
export function existing<T>(found: T | undefined, code: ErrorCode): T {
  if (found === undefined) throw new Failure(code, errorMessage(code));
  return found;
}

/** The body of a list. */
export function presentPage<T, W>(page: Page<T>, present: (row: T) => W) {
  return { count: page.data.length, data: page.data.map(present), next_cursor: page.nextCursor };
}

/** A time on the wire; null stays null. */
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));
