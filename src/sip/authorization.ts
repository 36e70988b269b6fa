import type { Random } from '../core/index.ts';
import { answerChallenge, type Challenge, parseChallenge } from './digest/index.ts';
import type { SipRequest, SipResponse } from './message/index.ts';

/** What a trunk has given us to identify ourselves with. */
export interface Login {
  username: string;
  password: string;
  /** The only realm that is answered; undefined: each. */
  realm?: string | undefined;
  /** What finds this login again in another process. */
  account?: string | undefined;
}

/** More realms than there are proxies between us and anybody: one that asks in ever new names is not answered for ever. */
const MAX_REALMS = 8;

interface Realm {
  header: 'Authorization' | 'Proxy-Authorization';
  challenge: Challenge;
  nonceCount: number;
}

/** RFC 3261 §22: answers each realm's challenge once, and sends the credentials unasked from then on. */
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
   * Takes the challenge of a 401 or 407.
   * @param answered the realms that this request has answered already; grows.
   * @returns is it worth sending the request again?
   */
  challenged(response: SipResponse, answered: Set<string>): boolean {
    const proxy = response.status === 407;
    const values = response.headers.all(proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate');
    const { realm } = this.#login;
    const ours = (each: Challenge | undefined) => each && (realm === undefined || each.realm === realm);
    const challenge = values.map(parseChallenge).find(ours);
    if (!challenge) return false;
    const header = proxy ? 'Proxy-Authorization' : 'Authorization';
    const key = `${header} ${challenge.realm}`;
    // Credentials that were refused will be refused again, unless only their nonce was worn out.
    const attempt = answered.has(key) ? `${key} stale` : key;
    if (answered.has(attempt) || (attempt !== key && !challenge.stale)) return false;
    if (!this.#realms.has(key) && this.#realms.size >= MAX_REALMS) return false;
    answered.add(attempt);
    this.#realms.set(key, { header, challenge, nonceCount: 0 });
    return true;
  }

  /** Adds credentials for every realm that has asked. */
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
