import type { DialRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Endpoint } from '../net/index.ts';
import {
  contactsOf,
  formatUri,
  type Hop,
  type InviteOptions,
  parseUri,
  type SipResponse,
  type Uri,
  type UriParts,
} from '../sip/index.ts';
import {
  type CallerIdDeps,
  type CallerIdRules,
  type CallerIdTrunk,
  callerId,
  shownCaller,
} from './caller-id.ts';

/** One route to a destination: over a trunk, directly to a host, or to the binding of a phone. */
export interface OutboundRoute
  extends Pick<InviteOptions, 'target' | 'to' | 'from' | 'route' | 'headers' | 'credentials'> {
  /** For the log. */
  name: string;
  /** Where the INVITE is sent: a URI whose host is still to be resolved, or a known hop. */
  destination: string | Hop;
  /** Whether a customer has named the host: then it must be on the public internet. */
  mustBePublic: boolean;
  /** The customer whose direct call this is. The host must not be another party's trunk, which would be charged. */
  directFor?: string;
  /** Whether media must be encrypted. */
  srtp?: boolean;
}

/** The part of a trunk that outbound calls need. */
export interface OutboundTrunk extends CallerIdTrunk {
  id: string;
  /** For the log. */
  gatewayName: string;
  /** `host`, `host:port` or a SIP URI. */
  proxy: string;
  transport: 'udp' | 'tcp' | 'tls';
  username: string | null;
  password: string | null;
  /** The only realm that gets our credentials; null: every realm. */
  realm: string | null;
  fromDomain: string | null;
  /** Whether media is encrypted. Unencrypted media is refused then. */
  srtp: boolean;
  /** ISO 3166-1: the country whose national formats the trunk sends; null or undefined: none. */
  country?: string | null;
}

/** An address where a phone has registered. */
export interface PhoneContact {
  /** Its Contact, which becomes the Request-URI. */
  uri: string;
  /** The connection that it registered on. */
  hop: Hop;
  route: readonly string[];
}

/** Lookups that find the routes to a destination. */
export interface RouteLookups extends CallerIdDeps {
  /** The active trunks that a customer's calls may take, in the order to try them. */
  trunks(customerId: string): OutboundTrunk[];
  /** Where the customer's phone is registered; empty: nowhere now. Undefined: the customer has no such phone. */
  phone(username: string, customerId: string): PhoneContact[] | undefined;
  /** Whether the host and port of a SIP URI name this server. */
  isHere(host: string, port: number | undefined): boolean;
}

const NO_TRUNK =
  'No active trunk can carry the call: create one with POST /v1/trunks or POST /admin/v1/trunks, or call a SIP URI.';

/**
 * Finds all routes to a destination. The groups are tried in order; the routes of one group ring at the same time.
 * Fails with `no_active_trunk`, `invalid_request`, or `caller_id_not_allowed` if no route may show the caller ID.
 */
export function routesTo(request: DialRequest, local: Endpoint, lookups: RouteLookups): OutboundRoute[][] {
  const { destination, customerId } = request;
  if (/^\+?\d{3,15}$/.test(destination)) {
    const trunks = lookups.trunks(customerId);
    if (trunks.length === 0) throw new Failure('no_active_trunk', NO_TRUNK);
    return overTrunks(request, trunks, local, lookups);
  }
  const uri = readUri(destination);
  if (!lookups.isHere(uri.host, uri.port))
    return [[direct(withCallerId(request, 'host', lookups), uri, local)]];
  const contacts = lookups.phone(uri.user ?? '', customerId) ?? [];
  return contacts.length > 0 ? [toPhone(withCallerId(request, 'phone', lookups), contacts, local)] : [];
}

/** The request with the caller ID that the far end is shown. */
const withCallerId = (request: DialRequest, over: CallerIdRules, lookups: RouteLookups): DialRequest => ({
  ...request,
  from: shownCaller(request, over, lookups),
});

/**
 * Whether the caller ID may leave over the operator's trunks. One that may not must not reach the operator's carrier
 * over a customer's trunk whose proxy is that carrier.
 */
function isOwnCaller(request: DialRequest, lookups: RouteLookups): boolean {
  const forwardedCall = request.forwardedCall && { ...request.forwardedCall, isReplaceable: false };
  try {
    shownCaller({ ...request, forwardedCall }, { customerId: null }, lookups);
    return true;
  } catch {
    return false;
  }
}

/** Skips trunks that may not show the caller ID. Fails with the first reason if none is left. */
function overTrunks(
  request: DialRequest,
  trunks: OutboundTrunk[],
  local: Endpoint,
  lookups: RouteLookups,
): OutboundRoute[][] {
  const refusals: unknown[] = [];
  const routes = trunks.flatMap((trunk) => {
    try {
      const route = overTrunk(withCallerId(request, trunk, lookups), trunk, local);
      const isOwn = trunk.customerId === null || isOwnCaller(request, lookups);
      return [[isOwn ? route : { ...route, directFor: request.customerId }]];
    } catch (error) {
      refusals.push(error);
      return [];
    }
  });
  if (routes.length === 0) throw refusals[0];
  return routes;
}

function readUri(text: string): Uri {
  try {
    const uri = parseUri(text);
    if (uri.scheme !== 'tel') return uri;
  } catch {}
  throw new Failure('invalid_request', 'The destination must be a number in E.164 or a SIP URI.');
}

function overTrunk({ destination, from }: DialRequest, trunk: OutboundTrunk, local: Endpoint): OutboundRoute {
  const proxy = proxyOf(trunk);
  const { username, fromDomain } = trunk;
  const here = { host: local.address, port: local.port };
  // A proxy that has an account for us expects its own domain in From.
  const domain = fromDomain ? { host: fromDomain } : username ? { host: proxy.host } : here;
  return {
    ...callerId(from, domain, 'trusted'),
    name: trunk.gatewayName,
    target: formatUri({ ...proxy, user: destination }),
    destination: formatUri(proxy),
    credentials: loginOf(trunk),
    mustBePublic: trunk.customerId !== null,
    srtp: trunk.srtp,
  };
}

/** The credentials that a trunk gets from us. Undefined: it knows us by our address. */
export function loginOf(trunk: Pick<OutboundTrunk, 'id' | 'username' | 'password' | 'realm'>) {
  const { id: account, username, password, realm } = trunk;
  return username && password ? { username, password, realm: realm ?? undefined, account } : undefined;
}

/** Reads `host`, `host:port` or a SIP URI. */
export function proxyOf({ proxy, transport }: Pick<OutboundTrunk, 'proxy' | 'transport'>): UriParts {
  const { host, port, params } = parseUri(/^sips?:/i.test(proxy) ? proxy : `sip:${proxy}`);
  if (transport !== 'udp' && !params.has('transport')) params.set('transport', transport);
  return { scheme: 'sip', host, port, params };
}

function direct({ from, customerId }: DialRequest, uri: Uri, local: Endpoint): OutboundRoute {
  const here = { host: local.address, port: local.port };
  // RFC 3261 §19.1.5: the header fields of a URI do not belong into the Request-URI, and we do not set them.
  const target = formatUri({ ...uri, headers: undefined });
  const name = formatUri({ ...uri, headers: undefined, password: undefined });
  const route = { name, target, destination: target, mustBePublic: true, directFor: customerId };
  return { ...callerId(from, here), ...route };
}

function toPhone({ destination, from }: DialRequest, contacts: PhoneContact[], local: Endpoint) {
  const here = { host: local.address, port: local.port };
  return contacts.map(
    ({ uri, hop, route }): OutboundRoute => ({
      ...callerId(from, here, 'trusted'),
      name: destination,
      target: uri,
      to: `<${destination}>`,
      destination: hop,
      route,
      mustBePublic: true,
    }),
  );
}

/** Contacts of one 3xx that are tried. */
const MAX_CONTACTS = 3;

/**
 * RFC 3261 §8.1.3.4: the routes to the Contacts of a 3xx, the best first.
 * @param customerId the customer who makes the call.
 */
export function redirectedRoutes(
  route: OutboundRoute,
  response: SipResponse,
  customerId: string,
): OutboundRoute[] {
  try {
    const contacts = contactsOf(response)
      .filter(({ uri }) => /^sips?:/i.test(uri))
      .sort((a, b) => weightOf(b.params.get('q')) - weightOf(a.params.get('q')));
    return contacts.slice(0, MAX_CONTACTS).map(({ uri }) => redirected(route, uri, customerId));
  } catch {
    // The response has a Contact that cannot be parsed.
    return [];
  }
}

function redirected(route: OutboundRoute, uri: string, customerId: string): OutboundRoute {
  const { route: _, ...same } = route;
  const next: OutboundRoute = { ...same, name: `${route.name} → ${uri}`, target: uri, destination: uri };
  // The customer is not charged for the new host as for a number, so it must not be another party's trunk.
  if (route.mustBePublic) next.directFor = customerId;
  // Credentials are for the host that they were made for.
  if (hostOf(uri) !== hostOf(route.target)) delete next.credentials;
  return next;
}

const hostOf = (uri: string): string => parseUri(uri).host.toLowerCase();

const weightOf = (q: string | undefined): number => {
  const value = Number(q ?? '1');
  return Number.isFinite(value) ? value : 0;
};
