import type { DialRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Endpoint } from '../net/index.ts';
import { formatUri, type Hop, parseUri, type Uri, type UriParts } from '../sip/index.ts';
import {
  type CallerIdPorts,
  type CallerIdRules,
  type CallerIdTrunk,
  callerId,
  shownCaller,
} from './caller-id.ts';
import type { Way } from './way.ts';

/** A trunk, as far as dialling is concerned. */
export interface TrunkLine extends CallerIdTrunk {
  id: string;
  /** For the log. */
  gatewayName: string;
  /** `host`, `host:port` or a SIP URI. */
  proxy: string;
  transport: 'udp' | 'tcp' | 'tls';
  username: string | null;
  password: string | null;
  /** The only realm that is told who we are; null: whoever asks. */
  realm: string | null;
  fromDomain: string | null;
  /** Whether sound is encrypted: plain sound is refused then. */
  srtp: boolean;
  /** ISO 3166-1: the national formats of the numbers that it sends; null or undefined: none. */
  country?: string | null;
}

/** Where a phone has registered. */
export interface PhoneContact {
  /** What it wants the Request-URI to be. */
  uri: string;
  /** The connection that it registered on. */
  hop: Hop;
  route: readonly string[];
}

/** What is there to dial over. */
export interface Origin extends CallerIdPorts {
  /** The active trunks that a customer's calls may take, the first one first. */
  trunks(customerId: string): TrunkLine[];
  /** Where the customer's phone of that name is; empty: nowhere now. Undefined: there is no such phone. */
  phone(username: string, customerId: string): PhoneContact[] | undefined;
  /** Whether the host and port of a SIP URI mean this server. */
  isHere(host: string, port: number | undefined): boolean;
}

const NO_TRUNK =
  'No active trunk can carry the call: create one with POST /v1/trunks or POST /admin/v1/trunks, or call a SIP URI.';

/**
 * All ways to a destination, in the order to try them; those that stand together ring at once. Fails with
 * `no_active_trunk`, `invalid_request`, and `caller_id_not_allowed` where no way may show the caller ID.
 */
export function waysTo(request: DialRequest, local: Endpoint, origin: Origin): Way[][] {
  const { destination, customerId } = request;
  if (/^\+?\d{3,15}$/.test(destination)) {
    const trunks = origin.trunks(customerId);
    if (trunks.length === 0) throw new Failure('no_active_trunk', NO_TRUNK);
    return overTrunks(request, trunks, local, origin);
  }
  const uri = readUri(destination);
  if (!origin.isHere(uri.host, uri.port)) return [[straight(shown(request, 'host', origin), uri, local)]];
  const contacts = origin.phone(uri.user ?? '', customerId) ?? [];
  return contacts.length > 0 ? [toPhone(shown(request, 'phone', origin), contacts, local)] : [];
}

/** The request with the caller ID that is shown. */
const shown = (request: DialRequest, over: CallerIdRules, origin: Origin): DialRequest => ({
  ...request,
  from: shownCaller(request, over, origin),
});

/**
 * Whether the caller ID may leave over the operator's trunks: one that may not must not reach the operator's carrier
 * over a customer's trunk whose proxy is that carrier.
 */
function isOwnCaller(request: DialRequest, origin: Origin): boolean {
  const forwardedCall = request.forwardedCall && { ...request.forwardedCall, isReplaceable: false };
  try {
    shownCaller({ ...request, forwardedCall }, { customerId: null }, origin);
    return true;
  } catch {
    return false;
  }
}

/** Trunks that may not show the caller ID are passed over; when that leaves none, the call fails with the reason. */
function overTrunks(request: DialRequest, trunks: TrunkLine[], local: Endpoint, origin: Origin): Way[][] {
  const refusals: unknown[] = [];
  const ways = trunks.flatMap((trunk) => {
    try {
      const way = overTrunk(shown(request, trunk, origin), trunk, local);
      return [
        [
          trunk.customerId === null || isOwnCaller(request, origin)
            ? way
            : { ...way, straightFor: request.customerId },
        ],
      ];
    } catch (error) {
      refusals.push(error);
      return [];
    }
  });
  if (ways.length === 0) throw refusals[0];
  return ways;
}

function readUri(text: string): Uri {
  try {
    const uri = parseUri(text);
    if (uri.scheme !== 'tel') return uri;
  } catch {}
  throw new Failure('invalid_request', 'The destination must be a number in E.164 or a SIP URI.');
}

function overTrunk({ destination, from }: DialRequest, trunk: TrunkLine, local: Endpoint): Way {
  const proxy = proxyOf(trunk);
  const { username, fromDomain } = trunk;
  const here = { host: local.address, port: local.port };
  // A proxy that knows us by name expects its own domain behind that name.
  const domain = fromDomain ? { host: fromDomain } : username ? { host: proxy.host } : here;
  return {
    ...callerId(from, domain, 'trusted'),
    name: trunk.gatewayName,
    target: formatUri({ ...proxy, user: destination }),
    destination: formatUri(proxy),
    credentials: loginOf(trunk),
    guarded: trunk.customerId !== null,
    srtp: trunk.srtp,
  };
}

/** What a trunk is told to know us by; undefined: it knows our address. */
export function loginOf(trunk: Pick<TrunkLine, 'id' | 'username' | 'password' | 'realm'>) {
  const { id: account, username, password, realm } = trunk;
  return username && password ? { username, password, realm: realm ?? undefined, account } : undefined;
}

/** Reads `host`, `host:port` or a SIP URI. */
export function proxyOf({ proxy, transport }: Pick<TrunkLine, 'proxy' | 'transport'>): UriParts {
  const { host, port, params } = parseUri(/^sips?:/i.test(proxy) ? proxy : `sip:${proxy}`);
  if (transport !== 'udp' && !params.has('transport')) params.set('transport', transport);
  return { scheme: 'sip', host, port, params };
}

function straight({ from, customerId }: DialRequest, uri: Uri, local: Endpoint): Way {
  const here = { host: local.address, port: local.port };
  // RFC 3261 §19.1.5: header fields that a URI asks for are not for the Request-URI, nor for us to set.
  const target = formatUri({ ...uri, headers: undefined });
  const name = formatUri({ ...uri, headers: undefined, password: undefined });
  const way = { name, target, destination: target, guarded: true, straightFor: customerId };
  return { ...callerId(from, here), ...way };
}

function toPhone({ destination, from }: DialRequest, contacts: PhoneContact[], local: Endpoint): Way[] {
  const here = { host: local.address, port: local.port };
  return contacts.map(({ uri, hop, route }) => ({
    ...callerId(from, here, 'trusted'),
    name: destination,
    target: uri,
    to: `<${destination}>`,
    destination: hop,
    route,
    guarded: true,
  }));
}
