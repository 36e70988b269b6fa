import type { CallRoute } from '../../calls/index.ts';
import { parseNameAddress, parseUri, type SipRequest, toOf, userOf } from '../../sip/index.ts';
import type { PhoneAccount } from '../phone-identity.ts';
import type { CallingTrunk, Source } from './identify.ts';

/** Number lookups for a trunk's call. */
export interface NumberDeps {
  /** @param country ISO 3166-1. */
  normalizeNumber(user: string, country?: string | null): string;
  /** The same digits with a plus; undefined when that is not E.164. */
  withPlus(user: string): string | undefined;
  /** The route of a number; undefined for an unknown number. */
  route(number: string): CallRoute | undefined;
}

/** Number and phone lookups for any call. */
export interface CallDeps extends NumberDeps {
  /** The route of a number or of another phone of the same customer. */
  routeOfPhone(phone: PhoneAccount, called: string): CallRoute | undefined;
}

/** A call with its destination. */
export interface RoutedCall {
  /** E.164, or as it was dialed. */
  to: string;
  /** Undefined: the number is unknown. */
  route: CallRoute | undefined;
  /** The trunk that reaches the number; undefined for a phone's call and for an unknown number. */
  trunk: CallingTrunk | undefined;
}

/** Stands for this machine, which may call every number. */
const MACHINE: CallingTrunk = { customerId: null, username: null };

/** Finds the destination of a call from a phone, or else from the trunks or the machine at its source. */
export function routeCall(
  request: SipRequest,
  source: Source,
  phone: PhoneAccount | undefined,
  deps: CallDeps,
): RoutedCall {
  if (phone) return routePhoneCall(request, phone, deps);
  const trunks = source.isTrusted ? [...source.trunks, MACHINE] : source.trunks;
  return routeTrunkCall(request, trunks, deps);
}

/** Whether the trunk is a carrier's, and not the stand-in for this machine. */
export const isCarrier = (trunk: CallingTrunk | undefined): boolean =>
  trunk !== undefined && trunk !== MACHINE;

/** Finds the number that a trunk calls. Each trunk at the address has its own numbers and formats. */
export function routeTrunkCall(
  request: SipRequest,
  trunks: readonly CallingTrunk[],
  deps: NumberDeps,
): RoutedCall {
  // The operator's own come first: no customer's trunk at the same address takes their place.
  const own = (trunk: CallingTrunk) => (trunk.customerId === null ? 0 : 1);
  for (const trunk of trunks.toSorted((a, b) => own(a) - own(b))) {
    for (const number of candidateNumbers(request, trunk, deps)) {
      const route = deps.route(number);
      if (route && (trunk.customerId === null || trunk.customerId === route.customerId)) {
        return { to: number, route, trunk };
      }
    }
  }
  const to = deps.normalizeNumber(dialed(request.uri) || dialed(toOf(request).uri), trunks[0]?.country);
  return { to, route: undefined, trunk: undefined };
}

/** Finds the number or the phone that a phone calls. */
export function routePhoneCall(request: SipRequest, phone: PhoneAccount, deps: CallDeps): RoutedCall {
  const numbers = candidateNumbers(request, undefined, deps);
  const to = numbers.find((each) => deps.routeOfPhone(phone, each)) ?? numbers.at(-1) ?? '';
  return { to, route: deps.routeOfPhone(phone, to), trunk: undefined };
}

/** Every number that the request may mean, the most likely first. The first known number is the called one. */
function candidateNumbers(request: SipRequest, trunk: CallingTrunk | undefined, deps: NumberDeps): string[] {
  return calledUsers(request, trunk).flatMap((text) => {
    const number = deps.normalizeNumber(text, trunk?.country);
    const international = deps.withPlus(text);
    if (number.startsWith('+') || international === undefined) return [number];
    // Many carriers send E.164 without plus. Digits are read so only if that number is known.
    return [international, number];
  });
}

/** The texts that may hold the called number, the best first (contract 12: the Request-URI, otherwise To). */
function calledUsers(request: SipRequest, trunk: CallingTrunk | undefined): string[] {
  const own = dialed(request.uri);
  const others = [...calledParty(request), dialed(toOf(request).uri)].filter(Boolean);
  const namesUs = trunk?.username != null && own.toLowerCase() === trunk.username.toLowerCase();
  if (namesUs || own === '' || own === REGISTERED_WITHOUT_NAME) return [...others, own].filter(Boolean);
  return [own];
}

/** The user part of our Contact when the trunk has no username. */
const REGISTERED_WITHOUT_NAME = 'minivoice';

/** RFC 7315 §4.2: the original Request-URI, which the network has replaced by our Contact. */
function calledParty(request: SipRequest): string[] {
  const value = request.headers.get('P-Called-Party-ID');
  try {
    return value === undefined ? [] : [dialed(parseNameAddress(value).uri)];
  } catch {
    return [];
  }
}

/** The user part of a SIP URI or the number of a tel URI, with its `phone-context`, wherever that stands. */
export function dialed(text: string): string {
  const user = userOf(text) ?? '';
  if (/;\s*phone-context\s*=/i.test(user)) return user;
  const context = contextOf(text);
  return context === undefined ? user : `${user};phone-context=${context}`;
}

function contextOf(text: string): string | undefined {
  try {
    return parseUri(text).params.get('phone-context');
  } catch {
    return undefined;
  }
}
