import type { ErrorCode } from '../../contract/errors.ts';
import { errorMessage } from '../../contract/errors.ts';
import { Failure } from '../core/index.ts';
import type { Application } from '../directory/index.ts';

/**
 * What was looked for, if it is the caller's to see: an application sees its own, the operator (null) sees all.
 * Fails with `code` for what is not there, and alike for what is another's.
 */
export function visible<T extends { applicationId: string | null }>(
  found: T | undefined,
  caller: Application | null,
  code: ErrorCode,
): T {
  if (found && (caller === null || found.applicationId === caller.id)) return found;
  throw new Failure(code, errorMessage(code));
}

/** What was looked for, if it is there. Fails with `code`. */
export function existing<T>(found: T | undefined, code: ErrorCode): T {
  if (found === undefined) throw new Failure(code, errorMessage(code));
  return found;
}
