import { type Algorithm, algorithmOf, ha1, proof } from './algorithm.ts';
import { parseFields, quoted } from './fields.ts';

/** What a WWW-Authenticate or Proxy-Authenticate field asks. */
export interface Challenge {
  realm: string;
  nonce: string;
  opaque: string | undefined;
  algorithm: Algorithm;
  /** The server takes `auth`; false for servers of RFC 2069, which know no qop. */
  qop: boolean;
  /** The credentials were right, only the nonce is worn out: answer anew without asking anybody. */
  stale: boolean;
}

/**
 * Reads one challenge. RFC 8760 §2.4: of several, answer the first that is not undefined.
 * @returns undefined when it cannot be answered: another scheme or algorithm, or only `auth-int`.
 */
export function parseChallenge(value: string): Challenge | undefined {
  const fields = parseFields(value);
  const realm = fields?.get('realm');
  const nonce = fields?.get('nonce');
  const algorithm = algorithmOf(fields?.get('algorithm'));
  if (!fields || realm === undefined || nonce === undefined || !algorithm) return undefined;
  const qops = fields
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/);
  if (qops && !qops.includes('auth')) return undefined;
  const stale = fields.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, opaque: fields.get('opaque'), algorithm, qop: qops !== undefined, stale };
}

/** The value of the Authorization or Proxy-Authorization field that answers a challenge. */
export function answerChallenge(parts: {
  challenge: Challenge;
  method: string;
  /** The Request-URI, as it is on the wire. */
  uri: string;
  username: string;
  password: string;
  /** How many requests with this nonce were sent, this one included: 1 or more. */
  nonceCount: number;
  /** Fresh chance, 8 bytes or more as hex. */
  cnonce: string;
}): string {
  const { challenge, method, uri, username, cnonce } = parts;
  const { algorithm, realm, nonce, opaque } = challenge;
  const nonceCount = parts.nonceCount.toString(16).padStart(8, '0');
  const secret = ha1(algorithm, username, realm, parts.password);
  const qop = challenge.qop ? { nonceCount, cnonce } : undefined;
  const response = proof({ algorithm, ha1: secret, method, uri, nonce, qop });
  const fields = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
  ];
  if (qop) fields.push('qop=auth', `nc=${nonceCount}`);
  if (qop || algorithm.endsWith('-sess')) fields.push(`cnonce=${quoted(cnonce)}`);
  if (opaque !== undefined) fields.push(`opaque=${quoted(opaque)}`);
  return `Digest ${fields.join(', ')}`;
}
