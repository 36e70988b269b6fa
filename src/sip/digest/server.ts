import { type Algorithm, algorithmOf, digestResponse, ha1, parseFields, quoted } from './digest.ts';
import { equalsInConstantTime, type NonceStore } from './nonce-store.ts';

/** The content of an Authorization or Proxy-Authorization field. */
export interface Credentials {
  username: string;
  realm: string;
  nonce: string;
  uri: string;
  /** Hex, in lower case. */
  response: string;
  algorithm: Algorithm;
  cnonce: string;
  /** Eight hex digits, as sent. */
  nonceCount: string;
}

/** The password, or its `ha1` for the supported algorithms. */
export type Secret = { password: string } | { ha1: { [algorithm in Algorithm]?: string } };

/**
 * Creates the WWW-Authenticate values: one per algorithm, the preferred first (RFC 8760 §2.3). All have the same
 * nonce.
 */
export function challenge(options: {
  nonces: NonceStore;
  realm: string;
  /** The network of the client; credentials from another network are stale. */
  source?: string;
  /** Default SHA-256 and MD5. */
  algorithms?: readonly Algorithm[];
  /** The last credentials were correct, but their nonce had expired. */
  stale?: boolean;
}): string[] {
  const { nonces, realm, algorithms = ['SHA-256', 'MD5'], stale = false } = options;
  const nonce = nonces.issue(options.source);
  const tail = `nonce="${nonce}", qop="auth"${stale ? ', stale=true' : ''}`;
  return algorithms.map((algorithm) => `Digest realm=${quoted(realm)}, algorithm=${algorithm}, ${tail}`);
}

/**
 * Reads credentials, so that the user's secret can be looked up before `verify`.
 * @returns undefined for another scheme, an unsupported algorithm, or a qop other than `auth`.
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
 * Verifies credentials. The result is `stale` for correct credentials whose nonce has expired or was used with this
 * count; challenge again with `stale`. Takes the same time without a secret, so that it does not reveal which users exist.
 */
export function verify(parts: {
  credentials: Credentials;
  method: string;
  realm: string;
  nonces: NonceStore;
  /** As in `challenge`. */
  source?: string;
  secret: Secret | undefined;
  /** The algorithms of the challenge; others are refused, to prevent a downgrade. */
  algorithms?: readonly Algorithm[];
}): 'accepted' | 'stale' | 'refused' {
  const { credentials, method, realm, nonces, secret, algorithms = ['SHA-256', 'MD5'] } = parts;
  const { algorithm, nonceCount, cnonce, uri, nonce } = credentials;
  const known = ha1Of(secret, credentials, realm);
  const qop = { nonceCount, cnonce };
  const expected = digestResponse({ algorithm, ha1: known ?? '', method, uri, nonce, qop });
  const isCorrect = equalsInConstantTime(expected, credentials.response);
  if (!isCorrect || known === undefined) return 'refused';
  if (credentials.realm !== realm || !algorithms.includes(algorithm)) return 'refused';
  return nonces.use(nonce, Number.parseInt(nonceCount, 16), parts.source) ? 'accepted' : 'stale';
}

function ha1Of(secret: Secret | undefined, credentials: Credentials, realm: string): string | undefined {
  const { algorithm, username } = credentials;
  if (secret && 'ha1' in secret) return secret.ha1[algorithm];
  const computed = ha1(algorithm, username, realm, secret?.password ?? '');
  return secret ? computed : undefined;
}
