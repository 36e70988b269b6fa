import type { DialedLeg, Dialer, DialRequest } from '../calls/index.ts';
import { type Clock, detach, type Log, type Random } from '../core/index.ts';
import type { MediaEngine, Sound } from '../media/index.ts';
import type { UserAgent } from '../sip/index.ts';
import { Negotiation } from './negotiation.ts';
import { OutboundOpening } from './outbound-opening.ts';
import { type OutboundRoute, type RouteLookups, routesTo } from './outbound-routes.ts';
import { type RouteLocatorDeps, routeLocator } from './route-locator.ts';
import { toHeaders } from './sip-headers.ts';
import { SipLeg, type SipLegParts } from './sip-leg.ts';

/** What placing calls needs. */
export interface DialerDeps extends RouteLookups, RouteLocatorDeps {
  userAgent: Pick<UserAgent, 'invite' | 'local'>;
  media: MediaEngine;
  clock: Clock;
  random: Random;
  log: Log;
  /** The address in our SDP. Undefined: the address that RTP is bound to. */
  publicAddress: string | undefined;
}

/**
 * Places calls over trunks, directly to SIP URIs, and to registered phones. `check` throws the errors that `dial`
 * would reject with because no route exists.
 */
export function createDialer(deps: DialerDeps): Dialer & { check(request: DialRequest): void } {
  return {
    dial: (request) => dial(request, deps),
    check: (request) => void routesTo(request, deps.userAgent.local, deps),
  };
}

async function dial(request: DialRequest, deps: DialerDeps): Promise<DialedLeg> {
  const routes = withHeaders(routesTo(request, deps.userAgent.local, deps), request);
  // Two bridged legs need the least work on one media thread.
  const beside = request.beside?.sound;
  const sound = await deps.media.open(beside && { beside });
  try {
    return openLeg(request, routes, sound, deps);
  } catch (error) {
    detach('telephony.outbound', sound.close());
    throw error;
  }
}

/** Adds the application's header fields to every route. */
function withHeaders(routes: OutboundRoute[][], { sipHeaders }: DialRequest): OutboundRoute[][] {
  const own = toHeaders(sipHeaders);
  return routes.map((group) =>
    group.map((route) => ({ ...route, headers: [...(route.headers ?? []), ...own] })),
  );
}

function openLeg(
  request: DialRequest,
  routes: OutboundRoute[][],
  sound: Sound,
  deps: DialerDeps,
): OutboundSipLeg {
  const { random, clock, userAgent } = deps;
  const { log = deps.log } = request;
  const address = deps.publicAddress ?? sound.local.address;
  const negotiation = new Negotiation({ sound, address, random });
  const { timeoutMs, signal, after, customerId } = request;
  const locate = routeLocator(deps);
  const parts = { routes, customerId, negotiation, timeoutMs, signal, after };
  const opening = new OutboundOpening({ ...parts, userAgent, locate, clock, log });
  return new OutboundSipLeg({ id: random.uuid(), opening, sound, negotiation, log });
}

/** A leg that we have called. */
class OutboundSipLeg extends SipLeg implements DialedLeg {
  readonly progress: OutboundOpening['progress'];

  constructor(parts: SipLegParts & { opening: OutboundOpening }) {
    super(parts);
    this.progress = parts.opening.progress;
    // The call may fail before anything waits for its answer. Its sound is closed then all the same.
    this.answer().catch(() => this.hangup());
  }
}
