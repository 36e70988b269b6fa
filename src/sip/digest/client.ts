import type { Random } from '../../core/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import { type Algorithm, algorithmOf, digestResponse, ha1, parseFields, quoted } from './digest.ts';

/** The content of a WWW-Authenticate or Proxy-Authenticate field. */
export interface Challenge {
  realm: string;
  nonce: string;
  opaque: string | undefined;
  algorithm: Algorithm;
  /** Whether the server supports `qop=auth`; false for RFC 2069 servers. */
  qop: boolean;
  /** The credentials were correct, but the nonce has expired. */
  stale: boolean;
}

/**
 * Reads one challenge. Of several, the first supported one is answered (RFC 8760 §2.4).
 * @returns undefined if unsupported: another scheme or algorithm, or only `auth-int`.
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

/** Creates the Authorization or Proxy-Authorization value that answers a challenge. */
export function answerChallenge(parts: {
  challenge: Challenge;
  method: string;
  /** The Request-URI as sent. */
  uri: string;
  username: string;
  password: string;
  /** Number of requests sent with this nonce, including this one. */
  nonceCount: number;
  /** New random bytes, 8 or more, as hex. */
  cnonce: string;
}): string {
  const { challenge, method, uri, username, cnonce } = parts;
  const { algorithm, realm, nonce, opaque } = challenge;
  const nonceCount = parts.nonceCount.toString(16).padStart(8, '0');
  const secret = ha1(algorithm, username, realm, parts.password);
  const qop = challenge.qop ? { nonceCount, cnonce } : undefined;
  const response = digestResponse({ algorithm, ha1: secret, method, uri, nonce, qop });
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

/** Our credentials at a carrier. */
export interface Login {
  username: string;
  password: string;
  /** The only realm that is answered; undefined: all realms. */
  realm?: string | undefined;
  /** Identifies this login across restarts, where the secret is looked up again. */
  account?: string | undefined;
}

/** Most realms that are answered, so that a peer with ever new realms does not cause an endless loop. */
const MAX_REALMS = 8;

interface Realm {
  header: 'Authorization' | 'Proxy-Authorization';
  challenge: Challenge;
  nonceCount: number;
}

/** Answers each realm's challenge once, and then sends credentials preemptively (RFC 3261 §22). */
export class Authorization {
  #login: Login;
  #random: Random;
  #realms = new Map<string, Realm>();

  constructor(login: Login, random: Random) {
    this.#login = login;
    this.#random = random;
  }

  get account(): string | undefined {
    return this.#login.account;
  }

  /**
   * Accepts the challenge of a 401 or 407.
   * @param answered realms that this request has already answered; extended here.
   * @returns whether to send the request again.
   */
  acceptChallenge(response: SipResponse, answered: Set<string>): boolean {
    const proxy = response.status === 407;
    const values = response.headers.all(proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate');
    const { realm } = this.#login;
    const isAllowed = (each: Challenge | undefined) => each && (realm === undefined || each.realm === realm);
    const challenge = values.map(parseChallenge).find(isAllowed);
    if (!challenge) return false;
    const header = proxy ? 'Proxy-Authorization' : 'Authorization';
    const key = `${header} ${challenge.realm}`;
    // Refused credentials are refused again, unless only the nonce had expired.
    const attempt = answered.has(key) ? `${key} stale` : key;
    if (answered.has(attempt) || (attempt !== key && !challenge.stale)) return false;
    if (!this.#realms.has(key) && this.#realms.size >= MAX_REALMS) return false;
    answered.add(attempt);
    this.#realms.set(key, { header, challenge, nonceCount: 0 });
    return true;
  }

  /** Adds credentials for every realm that has challenged us. */
  authorize(request: SipRequest): void {
    for (const realm of this.#realms.values()) {
      const { header, challenge } = realm;
      const { method, uri } = request;
      const cnonce = this.#random.bytes(8).toString('hex');
      const nonceCount = ++realm.nonceCount;
      const { username, password } = this.#login;
      const value = answerChallenge({ challenge, method, uri, username, password, nonceCount, cnonce });
      request.headers.append(header, value);
    }
  }
}
