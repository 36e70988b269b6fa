import type { Clock } from '../core/index.ts';
import {
  callIdOf,
  contactsOf,
  cseqOf,
  formatNameAddress,
  type Hop,
  type NameAddress,
  parseUri,
  type Reply,
  type SipRequest,
  toOf,
  userOf,
} from '../sip/index.ts';
import { type Binding, Bindings } from './bindings.ts';
import type { PhoneAccount, PhoneIdentity } from './phone-identity.ts';
import type { PhoneContact } from './routes.ts';

/** Seconds. Short, for after a restart of ours phones are found again when they refresh. */
const EXPIRES = { default: 300, min: 60, max: 300 };
/** A phone in more places than these is a mistake. */
const MAX_CONTACTS = 10;

/** RFC 3261 §10: phones say where they are, and prove who they are. */
export class Registrar {
  #identity: PhoneIdentity;
  #bindings: Bindings;
  #clock: Clock;

  constructor(identity: PhoneIdentity, clock: Clock) {
    this.#identity = identity;
    this.#clock = clock;
    this.#bindings = new Bindings(clock, (username) => identity.find(username)?.id);
  }

  /** Answers a REGISTER; other methods are not for us. @param source where it came from. */
  answer(request: SipRequest, source: Hop): Reply {
    if (request.method !== 'REGISTER')
      return {
        status: 405,
        headers: [['Allow', 'REGISTER']],
        why: `${request.method} is not understood here`,
      };
    const phone = this.#phoneOf(request);
    const refusal = this.#identity.refusal(phone, request, source);
    if (refusal || !phone) return refusal ?? { status: 403 };
    return this.#register(phone, request, source);
  }

  /** Refuses a REGISTER unless it proves the password; undefined: `answer` will take it. */
  refusal(request: SipRequest, source: Hop): Reply | undefined {
    return this.#identity.refusal(this.#phoneOf(request), request, source);
  }

  #phoneOf(request: SipRequest): PhoneAccount | undefined {
    return this.#identity.find(userOf(toOf(request).uri) ?? '');
  }

  /** Where a phone can be called now, the place that registered last first. */
  contacts(username: string): PhoneContact[] {
    return this.#bindings.of(username.toLowerCase()).map(({ uri, hop, path }) => ({ uri, hop, route: path }));
  }

  /** When the phone has registered last, in ms since 1970; undefined where it is not registered now. */
  registeredAt(username: string): number | undefined {
    const all = this.#bindings.of(username.toLowerCase());
    return all.length > 0 ? Math.max(...all.map(({ registeredAt }) => registeredAt)) : undefined;
  }

  registered(username: string): boolean {
    return this.registeredAt(username) !== undefined;
  }

  /** Whether the phone, or any phone at all, is registered from this address. */
  isAt(address: string, username?: string): boolean {
    if (username === undefined) return this.#bindings.isAt(address);
    return this.#bindings.of(username.toLowerCase()).some(({ hop }) => hop.address === address);
  }

  #register(phone: PhoneAccount, request: SipRequest, source: Hop): Reply {
    const { username } = phone;
    const contacts = contactsOf(request);
    if (contacts.some(({ uri }) => uri === '*')) {
      const alone = contacts.length === 1 && expiresOf(undefined, request) === 0;
      if (!alone) return { status: 400, reason: 'Contact * needs Expires: 0' };
      this.#bindings.remove(username);
      return this.#told(username, request);
    }
    const refusal = this.#unfit(username, contacts, request);
    if (refusal) return refusal;
    for (const contact of contacts.filter(isCallable)) this.#bind(phone, contact, request, source);
    return this.#told(username, request);
  }

  /** Why none of the contacts can be taken (RFC 3261 §10.3: all or nothing). */
  #unfit(username: string, contacts: NameAddress[], request: SipRequest): Reply | undefined {
    if (contacts.length > 0 && !contacts.some(isCallable)) {
      return { status: 400, reason: 'Contact Is Not A SIP URI' };
    }
    const known = this.#bindings.of(username);
    const { number } = cseqOf(request);
    for (const contact of contacts) {
      const seconds = expiresOf(contact, request);
      if (seconds > 0 && seconds < EXPIRES.min) {
        const why = `A registration lasts for ${EXPIRES.min} s or longer`;
        return { status: 423, headers: [['Min-Expires', String(EXPIRES.min)]], why };
      }
      const before = known.find(({ uri }) => uri === contact.uri);
      if (before?.callId === callIdOf(request) && number <= before.cseq) {
        return { status: 500, reason: 'CSeq Out Of Order' };
      }
    }
    const others = known.filter(({ uri }) => !contacts.some((each) => each.uri === uri));
    if (others.length + contacts.length <= MAX_CONTACTS) return undefined;
    return { status: 403, reason: 'Too Many Contacts' };
  }

  #bind({ id, username }: PhoneAccount, contact: NameAddress, request: SipRequest, hop: Hop): void {
    const seconds = Math.min(expiresOf(contact, request), EXPIRES.max);
    if (seconds === 0) {
      this.#bindings.remove(username, contact.uri);
      return;
    }
    this.#bindings.put(username, {
      phoneId: id,
      uri: contact.uri,
      hop,
      path: request.headers.all('Path'),
      callId: callIdOf(request),
      cseq: cseqOf(request).number,
      registeredAt: Math.round(this.#clock.now()),
      expiresAt: this.#clock.monotonic() + seconds * 1000,
    });
  }

  /** RFC 3261 §10.3: the 200 says all that is registered. */
  #told(username: string, request: SipRequest): Reply {
    const contacts = this.#bindings.of(username).map((each) => ['Contact', this.#line(each)] as const);
    // RFC 3327 §5.3
    const path = request.headers.all('Path').map((value) => ['Path', value] as const);
    return { status: 200, headers: [...contacts, ...path] };
  }

  #line({ uri, expiresAt }: Binding): string {
    const seconds = Math.max(0, Math.ceil((expiresAt - this.#clock.monotonic()) / 1000));
    return formatNameAddress({ uri, params: new Map([['expires', String(seconds)]]) });
  }
}

/** RFC 3261 §10.2.1 lets a phone register `mailto:` and the like beside its SIP URI: no call can go there. */
function isCallable({ uri }: NameAddress): boolean {
  try {
    return parseUri(uri).scheme !== 'tel';
  } catch {
    return false;
  }
}

/** RFC 3261 §10.2.1.1: the contact's own, else the message's, else ours. */
function expiresOf(contact: NameAddress | undefined, request: SipRequest): number {
  const text = contact?.params.get('expires') ?? request.headers.get('Expires');
  return text !== undefined && /^\d{1,10}$/.test(text.trim()) ? Number(text) : EXPIRES.default;
}
