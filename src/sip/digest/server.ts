import { type Algorithm, algorithmOf, ha1, proof } from './algorithm.ts';
import { parseFields, quoted } from './fields.ts';
import { type NonceStore, sameText } from './nonce-store.ts';

/** What an Authorization or Proxy-Authorization field claims. */
export interface Credentials {
  username: string;
  realm: string;
  nonce: string;
  uri: string;
  /** Hex, in lower case. */
  response: string;
  algorithm: Algorithm;
  cnonce: string;
  /** Eight hex digits, as they were sent. */
  nonceCount: string;
}

/** Either the password, or what `ha1` made of it for the algorithms in use. */
export type Secret = { password: string } | { ha1: { [algorithm in Algorithm]?: string } };

/**
 * The values of WWW-Authenticate fields, best algorithm first: one field each, the same nonce in all
 * (RFC 8760 §2.3).
 */
export function challenge(options: {
  nonces: NonceStore;
  realm: string;
  /** The network that asks: an answer from elsewhere is stale. */
  source?: string;
  /** Default SHA-256 and MD5. */
  algorithms?: readonly Algorithm[];
  /** The last answer had right credentials but a worn-out nonce. */
  stale?: boolean;
}): string[] {
  const { nonces, realm, algorithms = ['SHA-256', 'MD5'], stale = false } = options;
  const nonce = nonces.issue(options.source);
  const tail = `nonce="${nonce}", qop="auth"${stale ? ', stale=true' : ''}`;
  return algorithms.map((algorithm) => `Digest realm=${quoted(realm)}, algorithm=${algorithm}, ${tail}`);
}

/**
 * Reads credentials, so that the user's secret can be looked up before `verify`.
 * @returns undefined for another scheme, an unknown algorithm, or anything but `qop=auth`.
 */
export function parseCredentials(value: string): Credentials | undefined {
  const fields = parseFields(value);
  const algorithm = algorithmOf(fields?.get('algorithm'));
  if (!fields || !algorithm || fields.get('qop')?.toLowerCase() !== 'auth') return undefined;
  const read = (name: string) => fields.get(name) ?? '';
  const nonceCount = read('nc');
  const response = read('response').toLowerCase();
  if (!/^[0-9a-f]{8}$/i.test(nonceCount) || !/^[0-9a-f]+$/.test(response)) return undefined;
  const [username, realm, nonce] = [read('username'), read('realm'), read('nonce')];
  if (!username || !nonce || !fields.has('uri') || !fields.has('cnonce')) return undefined;
  const [uri, cnonce] = [read('uri'), read('cnonce')];
  return { username, realm, nonce, uri, response, algorithm, cnonce, nonceCount };
}

/**
 * Does the sender of the credentials know the secret? `stale`: yes, but the nonce is worn out or was used with
 * this count before; challenge again with `stale`. Without a secret (an unknown user) it takes as long to say no.
 */
export function verify(parts: {
  credentials: Credentials;
  method: string;
  realm: string;
  nonces: NonceStore;
  /** As in `challenge`. */
  source?: string;
  secret: Secret | undefined;
  /** Those that were offered in the challenge, so that nobody can choose a weaker one. */
  algorithms?: readonly Algorithm[];
}): 'accepted' | 'stale' | 'refused' {
  const { credentials, method, realm, nonces, secret, algorithms = ['SHA-256', 'MD5'] } = parts;
  const { algorithm, nonceCount, cnonce, uri, nonce } = credentials;
  const known = secretFor(secret, credentials, realm);
  const expected = proof({ algorithm, ha1: known ?? '', method, uri, nonce, qop: { nonceCount, cnonce } });
  const right = sameText(expected, credentials.response);
  if (!right || known === undefined) return 'refused';
  if (credentials.realm !== realm || !algorithms.includes(algorithm)) return 'refused';
  return nonces.spend(nonce, Number.parseInt(nonceCount, 16), parts.source) ? 'accepted' : 'stale';
}

function secretFor(secret: Secret | undefined, claimed: Credentials, realm: string): string | undefined {
  const { algorithm, username } = claimed;
  if (secret && 'ha1' in secret) return secret.ha1[algorithm];
  const made = ha1(algorithm, username, realm, secret?.password ?? '');
  return secret ? made : undefined;
}
