import type { Route } from '../calls/index.ts';
import { parseNameAddress, parseUri, type SipRequest, toOf, userOf } from '../sip/index.ts';
import type { PhoneAccount } from './phone-identity.ts';

/** Who sends an INVITE, as far as the numbers in it are concerned. */
export interface CallingTrunk {
  /** Whose it is, and so whose numbers it reaches; null: the operator's, which reaches all. */
  customerId: string | null;
  /** As which we register with it: an INVITE to this name does not say which number is called. */
  username: string | null;
  /** ISO 3166-1: the national formats that it sends; null or undefined: none. */
  country?: string | null | undefined;
}

/** What finds out which number is called. */
export interface NumberPorts {
  /** @param country ISO 3166-1. */
  normaliseNumber(user: string, country?: string | null): string;
  /** The same digits with a plus, where that can be E.164. */
  withPlus(user: string): string | undefined;
  /** Where a number leads; undefined for a number that nobody has. */
  route(number: string): Route | undefined;
}

/** What finds out who is called. */
export interface CalledPorts extends NumberPorts {
  /** Where a number, or another phone's name, leads a phone's call. */
  routeOfPhone(phone: PhoneAccount, called: string): Route | undefined;
}

/** Who is called. */
export interface Called {
  /** E.164, or as it was dialed. */
  to: string;
  /** Undefined: nobody has the number. */
  route: Route | undefined;
  /** The trunk that reaches it; undefined for a phone's call, and when none does. */
  trunk: CallingTrunk | undefined;
}

/** Who is called by a trunk: one of those at its address, each with its own numbers and formats. */
export function calledByTrunk(
  request: SipRequest,
  trunks: readonly CallingTrunk[],
  ports: NumberPorts,
): Called {
  // The operator's own come first: no customer's trunk at the same address takes their place.
  const own = (trunk: CallingTrunk) => (trunk.customerId === null ? 0 : 1);
  for (const trunk of trunks.toSorted((a, b) => own(a) - own(b))) {
    for (const number of readings(request, trunk, ports)) {
      const route = ports.route(number);
      if (route && (trunk.customerId === null || trunk.customerId === route.customerId)) {
        return { to: number, route, trunk };
      }
    }
  }
  const to = ports.normaliseNumber(dialed(request.uri) || dialed(toOf(request).uri), trunks[0]?.country);
  return { to, route: undefined, trunk: undefined };
}

/** Who is called by a phone: a number or another phone of its customer. */
export function calledByPhone(request: SipRequest, phone: PhoneAccount, ports: CalledPorts): Called {
  const numbers = readings(request, undefined, ports);
  const to = numbers.find((each) => ports.routeOfPhone(phone, each)) ?? numbers.at(-1) ?? '';
  return { to, route: ports.routeOfPhone(phone, to), trunk: undefined };
}

/** Every number that the request may mean, the likeliest first; whoever has it decides. */
function readings(request: SipRequest, trunk: CallingTrunk | undefined, ports: NumberPorts): string[] {
  return calledTexts(request, trunk).flatMap((text) => {
    const number = ports.normaliseNumber(text, trunk?.country);
    const international = ports.withPlus(text);
    if (number.startsWith('+') || international === undefined) return [number];
    // Carriers send E.164 without plus too. It is one only if somebody has that number.
    return [international, number];
  });
}

/** The fields that say who is called (contract 12: the Request-URI, otherwise To), the most telling first. */
function calledTexts(request: SipRequest, trunk: CallingTrunk | undefined): string[] {
  const own = dialed(request.uri);
  const others = [...calledParty(request), dialed(toOf(request).uri)].filter(Boolean);
  const namesUs = trunk?.username != null && own.toLowerCase() === trunk.username.toLowerCase();
  if (namesUs || own === '' || own === REGISTERED_WITHOUT_NAME) return [...others, own].filter(Boolean);
  return [own];
}

/** The user of our Contact with a carrier that knows us by no name. */
const REGISTERED_WITHOUT_NAME = 'minivoice';

/** RFC 7315 §4.2: whom the network was asked for, before it put our Contact in place of it. */
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
