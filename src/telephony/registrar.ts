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
import type { PhoneContact } from './outbound-routes.ts';
import type { PhoneAccount, PhoneIdentity } from './phone-identity.ts';

/** Seconds. Short, because after our restart phones are reachable again only when they refresh. */
const EXPIRES = { default: 300, min: 60, max: 300 };
/** Contacts that a phone may have at the same time. */
const MAX_CONTACTS = 10;

/** Registers phones at their Contacts after they have proven their password (RFC 3261 §10). */
export class Registrar {
  #identity: PhoneIdentity;
  #bindings: Bindings;
  #clock: Clock;

  constructor(identity: PhoneIdentity, clock: Clock) {
    this.#identity = identity;
    this.#clock = clock;
    this.#bindings = new Bindings(clock, (username) => identity.find(username)?.id);
  }

  /** Answers a REGISTER, and other methods with 405. @param source where the request came from. */
  answer(request: SipRequest, source: Hop): Reply {
    if (request.method !== 'REGISTER')
      return {
        status: 405,
        headers: [['Allow', 'REGISTER']],
        why: `${request.method} is not supported`,
      };
    const phone = this.#phoneOf(request);
    const refusal = this.#identity.refusal(phone, request, source);
    if (refusal || !phone) return refusal ?? { status: 403 };
    return this.#register(phone, request, source);
  }

  /** Refuses a REGISTER unless it proves the password. Undefined: `answer` handles it. */
  refusal(request: SipRequest, source: Hop): Reply | undefined {
    return this.#identity.refusal(this.#phoneOf(request), request, source);
  }

  #phoneOf(request: SipRequest): PhoneAccount | undefined {
    return this.#identity.find(userOf(toOf(request).uri) ?? '');
  }

  /** The addresses where a phone can be called now, the last registered first. */
  contacts(username: string): PhoneContact[] {
    return this.#bindings.of(username.toLowerCase()).map(({ uri, hop, path }) => ({ uri, hop, route: path }));
  }

  /** When the phone last registered, in ms since 1970; undefined if it is not registered now. */
  registeredAt(username: string): number | undefined {
    const all = this.#bindings.of(username.toLowerCase());
    return all.length > 0 ? Math.max(...all.map(({ registeredAt }) => registeredAt)) : undefined;
  }

  registered(username: string): boolean {
    return this.registeredAt(username) !== undefined;
  }

  /** Whether the phone, or any phone, is registered from this address. */
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
      return this.#accepted(username, request);
    }
    const refusal = this.#refusalOf(username, contacts, request);
    if (refusal) return refusal;
    for (const contact of contacts.filter(isCallable)) this.#bind(phone, contact, request, source);
    return this.#accepted(username, request);
  }

  /** Refuses all contacts if one of them is not acceptable (RFC 3261 §10.3). */
  #refusalOf(username: string, contacts: readonly NameAddress[], request: SipRequest): Reply | undefined {
    if (contacts.length > 0 && !contacts.some(isCallable)) {
      return { status: 400, reason: 'Contact Is Not A SIP URI' };
    }
    const known = this.#bindings.of(username);
    const { number } = cseqOf(request);
    for (const contact of contacts) {
      const seconds = expiresOf(contact, request);
      if (seconds > 0 && seconds < EXPIRES.min) {
        const why = `The shortest registration is ${EXPIRES.min} s`;
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

  /** RFC 3261 §10.3: the 200 lists all bindings. */
  #accepted(username: string, request: SipRequest): Reply {
    const contacts = this.#bindings.of(username).map((each) => ['Contact', this.#contact(each)] as const);
    // RFC 3327 §5.3
    const path = request.headers.all('Path').map((value) => ['Path', value] as const);
    return { status: 200, headers: [...contacts, ...path] };
  }

  #contact({ uri, expiresAt }: Binding): string {
    const seconds = Math.max(0, Math.ceil((expiresAt - this.#clock.monotonic()) / 1000));
    return formatNameAddress({ uri, params: new Map([['expires', String(seconds)]]) });
  }
}

/** Whether a call can go to the Contact. RFC 3261 §10.2.1 allows others beside it, such as `mailto:`. */
function isCallable({ uri }: NameAddress): boolean {
  try {
    return parseUri(uri).scheme !== 'tel';
  } catch {
    return false;
  }
}

/** RFC 3261 §10.2.1.1: the time of the contact, else of the message, else our default. */
function expiresOf(contact: NameAddress | undefined, request: SipRequest): number {
  const text = contact?.params.get('expires') ?? request.headers.get('Expires');
  return text !== undefined && /^\d{1,10}$/.test(text.trim()) ? Number(text) : EXPIRES.default;
}
