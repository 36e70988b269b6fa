import type { DialedLeg, Dialer, DialRequest } from '../calls/index.ts';
import { type Clock, detach, type Log, type Random } from '../core/index.ts';
import type { MediaEngine, Sound } from '../media/index.ts';
import type { UserAgent } from '../sip/index.ts';
import { Dialling } from './dialling.ts';
import { Negotiation } from './negotiation.ts';
import { type RouteLocatorPorts, routeLocator } from './route-locator.ts';
import { type Origin, waysTo } from './routes.ts';
import { asHeaders } from './sip-headers.ts';
import { SipLeg, type SipLegParts } from './sip-leg.ts';
import type { Way } from './way.ts';

/** What is needed to place calls. */
export interface DialerPorts extends Origin, RouteLocatorPorts {
  userAgent: Pick<UserAgent, 'invite' | 'local'>;
  media: MediaEngine;
  clock: Clock;
  random: Random;
  log: Log;
  /** What SDP tells the far end; undefined: the address that RTP is bound to. */
  publicAddress: string | undefined;
}

/**
 * Places calls over trunks, straight to SIP URIs, and to registered phones. `check` throws at once what `dial`
 * would reject with for want of a way.
 */
export function createDialer(ports: DialerPorts): Dialer & { check(request: DialRequest): void } {
  return {
    dial: (request) => dial(request, ports),
    check: (request) => void waysTo(request, ports.userAgent.local, ports),
  };
}

async function dial(request: DialRequest, ports: DialerPorts): Promise<DialedLeg> {
  const ways = withHeaders(waysTo(request, ports.userAgent.local, ports), request);
  // Two that are to talk are cheapest on one media thread.
  const beside = request.beside?.sound;
  const sound = await ports.media.open(beside && { beside });
  try {
    return place(request, ways, sound, ports);
  } catch (error) {
    detach('lines.outbound', sound.close());
    throw error;
  }
}

/** The application's header fields go along, whoever is called. */
function withHeaders(ways: Way[][], { sipHeaders }: DialRequest): Way[][] {
  const own = asHeaders(sipHeaders);
  return ways.map((round) => round.map((way) => ({ ...way, headers: [...(way.headers ?? []), ...own] })));
}

function place(request: DialRequest, ways: Way[][], sound: Sound, ports: DialerPorts): DialledSipLeg {
  const { random, clock, userAgent } = ports;
  const { log = ports.log } = request;
  const address = ports.publicAddress ?? sound.local.address;
  const negotiation = new Negotiation({ sound, address, random });
  const { timeoutMs, signal, after, customerId } = request;
  const locate = routeLocator(ports);
  const parts = { ways, customerId, negotiation, timeoutMs, signal, after };
  const opening = new Dialling({ ...parts, userAgent, locate, clock, log });
  return new DialledSipLeg({ id: random.uuid(), opening, sound, negotiation, log });
}

/** A leg that we have called. */
class DialledSipLeg extends SipLeg implements DialedLeg {
  readonly progress: Dialling['progress'];

  constructor(parts: SipLegParts & { opening: Dialling }) {
    super(parts);
    this.progress = parts.opening.progress;
    // The far end may answer before anybody waits for it; and nobody may be left to close what has failed.
    this.answer().catch(() => this.hangup());
  }
}
