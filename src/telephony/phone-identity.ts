import { sourceNetwork } from '../../contract/network-address.ts';
import type { Clock, Random } from '../core/index.ts';
import {
  challenge,
  type Hop,
  NonceStore,
  parseCredentials,
  parseUri,
  type Reply,
  type SipRequest,
  type Uri,
  verify,
} from '../sip/index.ts';

/** The account of a phone. */
export interface PhoneAccount {
  /** Never reused for another phone, unlike the username. */
  id: string;
  /** In lower case. */
  username: string;
  customerId: string;
  /** The MD5 hash that is stored in place of the password (RFC 7616 §3.4.2). */
  ha1: string;
}

/** Looks a phone up by its name. Case is ignored. */
export type FindPhone = (username: string) => PhoneAccount | undefined;

/**
 * The digest algorithms that we offer. RFC 8760 §2.4 requires phones to skip unknown ones, but some (baresip 1.0) give
 * up at one in any position. Our passwords have 120 random bits, so MD5 is sufficient.
 */
const ALGORITHMS = ['MD5'] as const;

export interface PhoneIdentityOptions {
  find: FindPhone;
  /** The realm that each phone's `ha1` was made with. */
  realm: string;
  /** Whether a host name or address is ours. Default: only the host in the Request-URI is. */
  isOurs?(host: string): boolean;
  clock: Clock;
  random: Random;
}

/** Authenticates phones by digest (RFC 3261 §22, RFC 8760). */
export class PhoneIdentity {
  #find: FindPhone;
  #realm: string;
  #isOurs: (host: string) => boolean;
  #nonces: NonceStore;
  /** Requests that have proven the password. Checking one again would fail, because its nonce is used up. */
  #proven = new WeakSet<SipRequest>();
  /** Matches no password. Unknown names are checked against it, which takes as long as a wrong password. */
  #unmatchedHa1: string;

  constructor({ find, realm, isOurs = () => false, clock, random }: PhoneIdentityOptions) {
    this.#find = find;
    this.#realm = realm;
    this.#isOurs = isOurs;
    this.#nonces = new NonceStore(clock, random);
    this.#unmatchedHa1 = random.bytes(16).toString('hex');
  }

  find(username: string): PhoneAccount | undefined {
    return this.#find(username);
  }

  /**
   * Refuses a request of the phone unless it proves the password: 401 without credentials, 403 with wrong ones.
   *
   * Unknown phones get the same responses, so that the responses do not reveal which names exist. A request that has
   * proven the password once stays proven. Credentials count only from the network that received the challenge: a
   * request with a forged source address proves nothing, because the challenge went to that address.
   */
  refusal(
    phone: PhoneAccount | undefined,
    request: SipRequest,
    { address }: Pick<Hop, 'address'>,
  ): Reply | undefined {
    if (this.#proven.has(request)) return undefined;
    const source = sourceNetwork(address);
    const verdict = this.#judge(phone, request, source);
    if (verdict === 'accepted') {
      this.#proven.add(request);
      return undefined;
    }
    if (verdict === 'refused') return { status: 403, why: 'The name or the password is wrong' };
    const stale = verdict === 'stale';
    const options = { nonces: this.#nonces, realm: this.#realm, source, stale, algorithms: ALGORITHMS };
    const fields = challenge(options);
    const headers = fields.map((value) => ['WWW-Authenticate', value] as const);
    return { status: 401, headers, why: stale ? 'The nonce has expired' : 'A password is required' };
  }

  #judge(
    phone: PhoneAccount | undefined,
    request: SipRequest,
    source: string,
  ): 'accepted' | 'stale' | 'refused' | 'missing' {
    const all = request.headers.all('Authorization').map(parseCredentials);
    const credentials = all.find((each) => each?.realm === this.#realm);
    if (!credentials) return 'missing';
    const isTheirs = credentials.username.toLowerCase() === phone?.username;
    // Evaluated for unknown names too: the time that it takes must not reveal which names exist.
    const fits = this.#isFor(credentials.uri, request);
    const genuine = isTheirs && fits;
    // The stored hash was made with the name in lower case. A response made with another case does not match.
    const secret = { ha1: { MD5: genuine ? phone.ha1 : this.#unmatchedHa1 } };
    const verdict = verify({
      ...{ credentials, secret, realm: this.#realm, nonces: this.#nonces, source, algorithms: ALGORITHMS },
      method: request.method,
    });
    // A nonce from before our restart is not the phone's mistake.
    if (verdict === 'refused' && !this.#nonces.isFresh(credentials.nonce, source)) return 'stale';
    return verdict;
  }

  /**
   * RFC 7616 §3.4.6: credentials for one destination must not be valid for another. RFC 3261 §22.4: ports, parameters
   * and the choice among our own names are not compared, because proxies change them. A REGISTER is for the server,
   * whatever user its URI names.
   */
  #isFor(proven: string, { uri: requested, method }: SipRequest): boolean {
    if (proven === requested) return true;
    try {
      const [one, other] = [parseUri(proven), parseUri(requested)];
      const host = one.host.toLowerCase();
      const sameUser = method === 'REGISTER' || userKey(one) === userKey(other);
      return sameUser && (host === other.host.toLowerCase() || this.#isOurs(host));
    } catch {
      return false;
    }
  }
}

/** Makes spellings of one user equal: a number without separators and parameters, a name in lower case. */
function userKey({ user = '' }: Uri): string {
  const name = user.replace(/;.*$/s, '').toLowerCase();
  return /^\+?[\d().-]{7,}$/.test(name) ? name.replace(/[().-]/g, '') : name;
}
