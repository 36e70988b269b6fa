import { createHash, timingSafeEqual } from 'node:crypto';
import { errorMessage } from '../../contract/errors.ts';
import { Failure } from '../core/index.ts';
import type { Application } from '../directory/index.ts';
import type { Auth } from './route.ts';

/** Whom a request comes from. */
export type Identity =
  | { kind: 'nobody' }
  | { kind: 'admin' }
  | { kind: 'metrics' }
  | { kind: 'application'; application: Application };

interface Doorkeeper {
  adminToken: string;
  /** Opens `/metrics` alone; empty where there is none. */
  metricsToken: string;
  authenticate(key: string): Application | undefined;
}

/** Who holds the token of an `Authorization` header. */
export function identify(
  header: string | undefined,
  { adminToken, metricsToken, authenticate }: Doorkeeper,
): Identity {
  // RFC 6750 §2.1, with the scheme in any case (RFC 9110 §11.1).
  const token = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (token === undefined) return { kind: 'nobody' };
  if (sameSecret(token, adminToken)) return { kind: 'admin' };
  if (sameSecret(token, metricsToken)) return { kind: 'metrics' };
  const application = authenticate(token);
  return application ? { kind: 'application', application } : { kind: 'nobody' };
}

/** Lets in whom the route lets in. Fails with `unauthorized`. */
export function admit(auth: Auth, identity: Identity): Application | null {
  if (auth === 'none' || (auth === 'metrics' && identity.kind === 'metrics')) return null;
  if (identity.kind === 'admin' && auth !== 'key') return null;
  if (identity.kind === 'application' && auth !== 'admin' && auth !== 'metrics') return identity.application;
  if (identity.kind === 'admin') throw new Failure('unauthorized', KEY_NEEDED);
  const token = TOKENS[auth];
  const what = token ? `${token} is required: Authorization: Bearer <token>` : errorMessage('unauthorized');
  throw new Failure('unauthorized', what);
}

const KEY_NEEDED =
  'the admin token does not work here: use an API key of the application that this is done for';

/** What routes want that keys of applications do not open. */
const TOKENS: Partial<Record<Auth, string>> = {
  admin: 'the admin token',
  metrics: 'MINIVOICE_METRICS_TOKEN or the admin token',
};

/** Compares in a time that does not depend on where the two differ. An empty secret is nobody's. */
function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return secret !== '' && timingSafeEqual(digest(given), digest(secret));
}
