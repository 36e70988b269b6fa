import { createHash, timingSafeEqual } from 'node:crypto';
import { errorMessage } from '../../contract/errors.ts';
import { Failure } from '../core/index.ts';
import type { Application } from '../directory/index.ts';
import type { Auth } from './route.ts';

/** The authenticated sender of a request. */
export type Identity =
  | { kind: 'anonymous' }
  | { kind: 'admin' }
  | { kind: 'metrics' }
  | { kind: 'application'; application: Application };

interface Credentials {
  adminToken: string;
  /** Grants access to `/metrics` only; empty if not configured. */
  metricsToken: string;
  authenticate(key: string): Application | undefined;
}

/** Authenticates a request by its `Authorization` header. */
export function identify(
  header: string | undefined,
  { adminToken, metricsToken, authenticate }: Credentials,
): Identity {
  // RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
  const token = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (token === undefined) return { kind: 'anonymous' };
  if (isSameSecret(token, adminToken)) return { kind: 'admin' };
  if (isSameSecret(token, metricsToken)) return { kind: 'metrics' };
  const application = authenticate(token);
  return application ? { kind: 'application', application } : { kind: 'anonymous' };
}

/**
 * Checks that an identity may use a route. Fails with `unauthorized`.
 * @returns the application of the API key; null for the operator and for public routes.
 */
export function authorize(auth: Auth, identity: Identity): Application | null {
  if (auth === 'none' || (auth === 'metrics' && identity.kind === 'metrics')) return null;
  if (identity.kind === 'admin' && auth !== 'key') return null;
  if (identity.kind === 'application' && auth !== 'admin' && auth !== 'metrics') return identity.application;
  if (identity.kind === 'admin') throw new Failure('unauthorized', KEY_REQUIRED);
  const token = TOKENS[auth];
  const message = token
    ? `${token} is required: Authorization: Bearer <token>`
    : errorMessage('unauthorized');
  throw new Failure('unauthorized', message);
}

const KEY_REQUIRED = 'the admin token does not work here: use an API key of the application';

/** The tokens of routes that do not accept API keys. */
const TOKENS: Partial<Record<Auth, string>> = {
  admin: 'the admin token',
  metrics: 'MINIVOICE_METRICS_TOKEN or the admin token',
};

/** Compares in constant time. An empty secret matches nothing. */
function isSameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return secret !== '' && timingSafeEqual(digest(given), digest(secret));
}
