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

/** A phone as the lines know it. */
export interface PhoneAccount {
  /** Never given to another phone, unlike the username. */
  id: string;
  /** In lower case. */
  username: string;
  customerId: string;
  /** What is kept in place of its password (RFC 7616 §3.4.2), made with MD5. */
  ha1: string;
}

/** Looks a phone up by its name, in whatever case. */
export type FindPhone = (username: string) => PhoneAccount | undefined;

/**
 * RFC 8760 §2.4 wants phones to pass over an algorithm that they do not know, but some (baresip 1.0) give up at
 * it, wherever it stands. With our passwords of 120 bits, MD5 gives nothing away.
 */
const ALGORITHMS = ['MD5'] as const;

export interface PhoneIdentityOptions {
  find: FindPhone;
  /** With which the phones' `ha1` was made. */
  realm: string;
  /** Whether it is a host of ours, by whatever name. Left out: none is but the one that a request names. */
  isOurs?(host: string): boolean;
  clock: Clock;
  random: Random;
}

/** Who is behind a request: digest authentication of phones (RFC 3261 §22, RFC 8760). */
export class PhoneIdentity {
  #find: FindPhone;
  #realm: string;
  #isOurs: (host: string) => boolean;
  #nonces: NonceStore;
  /** Requests that have proven it: a nonce is good for one look only. */
  #proven = new WeakSet<SipRequest>();
  /** Of nobody: with it an unknown name takes the same way, and as long, as a wrong password. */
  #nobody: string;

  constructor({ find, realm, isOurs = () => false, clock, random }: PhoneIdentityOptions) {
    this.#find = find;
    this.#realm = realm;
    this.#isOurs = isOurs;
    this.#nonces = new NonceStore(clock, random);
    this.#nobody = random.bytes(16).toString('hex');
  }

  find(username: string): PhoneAccount | undefined {
    return this.#find(username);
  }

  /**
   * Refuses a request of the phone unless it proves the password; undefined: it does. An unknown
   * phone is challenged and refused like any other, so that nobody learns which names exist. A request that has
   * proven it once has proven it for good. Proofs count from the network that was asked: UDP in the name of another address, a
   * carrier's for instance, proves nothing, because the question went there.
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
    const asked = { nonces: this.#nonces, realm: this.#realm, source, stale, algorithms: ALGORITHMS };
    const fields = challenge(asked);
    const headers = fields.map((value) => ['WWW-Authenticate', value] as const);
    return { status: 401, headers, why: stale ? 'The nonce is worn out' : 'A password is required' };
  }

  #judge(
    phone: PhoneAccount | undefined,
    request: SipRequest,
    source: string,
  ): 'accepted' | 'stale' | 'refused' | 'asked' {
    const all = request.headers.all('Authorization').map(parseCredentials);
    const credentials = all.find((each) => each?.realm === this.#realm);
    if (!credentials) return 'asked';
    const theirs = credentials.username.toLowerCase() === phone?.username;
    // Judged for unknown names too: the time that it takes must not tell them from known ones.
    const fits = this.#isFor(credentials.uri, request);
    const genuine = theirs && fits;
    // What is kept was made with the name in lower case: one that is sent in another has another proof.
    const secret = { ha1: { MD5: genuine ? phone.ha1 : this.#nobody } };
    const verdict = verify({
      ...{ credentials, secret, realm: this.#realm, nonces: this.#nonces, source, algorithms: ALGORITHMS },
      method: request.method,
    });
    // A nonce of the process before this one is nobody's fault.
    if (verdict === 'refused' && !this.#nonces.isFresh(credentials.nonce, source)) return 'stale';
    return verdict;
  }

  /**
   * RFC 7616 §3.4.6: what was proven for one destination must not open another. RFC 3261 §22.4: ports and parameters
   * are not compared, nor which of our names was called, because proxies on the way change them. A REGISTER is for the
   * server, whatever user its URI names.
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

/** What two spellings of one user share: a number without separators and parameters, a name in lower case. */
function userKey({ user = '' }: Uri): string {
  const name = user.replace(/;.*$/s, '').toLowerCase();
  return /^\+?[\d().-]{7,}$/.test(name) ? name.replace(/[().-]/g, '') : name;
}
