import type { Arrival, Route } from '../calls/index.ts';
import { detach, explain, Failure, type Log, type Random } from '../kit/index.ts';
import type { Audio, MediaEngine } from '../media/index.ts';
import { fromOf, type Hop, type IncomingInvite, SipSyntaxError, toOf, userOf } from '../sip/index.ts';
import { type CallerPorts, callerOf, refusalOfCaller } from './caller.ts';
import { Negotiation } from './negotiation.ts';
import { Asked, RETRY_LATER } from './opening.ts';
import type { PhoneAccount } from './phone-identity.ts';
import { SipLeg } from './sip-leg.ts';

/** What the door asks about a call before it lets it in. */
export interface InboundPorts extends CallerPorts {
  media: MediaEngine;
  random: Random;
  log: Log;
  /** What SDP tells the far end; undefined: the address that RTP is bound to. */
  publicAddress: string | undefined;
  /** Told of everybody who is refused because nobody knows him, or asked for a password. */
  refused(source: Hop, how: 'refused' | 'asked'): void;
  /** Told of everybody who has proven who he is. */
  proven(source: Hop): void;
  /** Whether another call can be taken now. */
  open(address: string): boolean;
  /** Told that no sound could be opened for a call, which was refused for it. */
  noPorts(): void;
  normaliseNumber(user: string): string;
  /** Where a number leads; undefined for a number that nobody has. */
  route(number: string): Route | undefined;
  /** Where a number, or another phone's name, leads a phone's call. */
  routeOfPhone(phone: PhoneAccount, called: string): Route | undefined;
  arrive(arrival: Arrival): void;
}

/** The inbound door: an INVITE becomes a call, or is refused with the status that says why. */
export function createInboundDoor(ports: InboundPorts): (invite: IncomingInvite) => void {
  return (invite) => {
    receive(invite, ports).catch((error) => {
      const status = statusOf(error);
      if (error instanceof Failure && error.code === 'no_media_port') ports.noPorts();
      ports.log.warn({ source: invite.source.address, status, error: explain(error) }, 'INVITE refused');
      const why = error instanceof Failure || error instanceof SipSyntaxError ? error.message : undefined;
      invite.reject(status, undefined, status === 503 ? RETRY_LATER : undefined, why);
    });
  };
}

async function receive(invite: IncomingInvite, ports: InboundPorts): Promise<void> {
  const { source, request } = invite;
  const refusal = refusalOfCaller(request, source, ports);
  if (refusal) {
    ports.refused(source, refusal.status === 403 ? 'refused' : 'asked');
    invite.reject(refusal.status, refusal.reason, refusal.headers, refusal.why);
    return;
  }
  const { phone } = callerOf(request, source, ports);
  if (phone) ports.proven(source);
  await letIn(invite, phone, ports);
}

/** Where a trunk's call to the number leads: a customer's trunk reaches his own numbers only. */
function routeOfTrunk(to: string, address: string, ports: InboundPorts): Route | undefined {
  const route = ports.route(to);
  const owners = ports.trunkOwners(address);
  const open = ports.isTrusted(address) || owners.includes(null);
  return route && (open || owners.includes(route.customerId)) ? route : undefined;
}

async function letIn(
  invite: IncomingInvite,
  phone: PhoneAccount | undefined,
  ports: InboundPorts,
): Promise<void> {
  const to = ports.normaliseNumber(calledUser(invite));
  const route = phone ? ports.routeOfPhone(phone, to) : routeOfTrunk(to, invite.source.address, ports);
  if (!route) throw new Failure('not_found', `Nobody has the number ${to}.`);
  if (route.routeMode === 'reject') throw new Failure('rejected', `Calls to ${to} are rejected.`);
  if (!ports.open(invite.source.address)) throw new Failure('overloaded', 'No more calls can be taken now.');
  const audio = await ports.media.open();
  const leg = openLeg(invite, audio, ports);
  const from = phone?.username ?? ports.normaliseNumber(callingUser(invite));
  ports.arrive({ leg, from, to, route });
}

function openLeg(invite: IncomingInvite, audio: Audio, ports: InboundPorts): SipLeg {
  try {
    const address = ports.publicAddress ?? audio.local.address;
    const { offer, source } = invite;
    const negotiation = new Negotiation({
      audio,
      address,
      random: ports.random,
      offer,
      peer: source.address,
    });
    const opening = new Asked(invite, negotiation);
    return new SipLeg({ id: ports.random.uuid(), opening, audio, negotiation, log: ports.log });
  } catch (error) {
    detach('lines.inbound', audio.close());
    throw error;
  }
}

/** The number called: the user part of the Request-URI, else of To. */
function calledUser(invite: IncomingInvite): string {
  return userOf(invite.request.uri) || userOf(toOf(invite.request).uri) || '';
}

function callingUser(invite: IncomingInvite): string {
  return userOf(fromOf(invite.request).uri) || 'anonymous';
}

const STATUSES: Record<string, number> = {
  forbidden: 403,
  not_found: 404,
  rejected: 603,
  not_acceptable: 488,
  invalid_sdp: 400,
  no_media_port: 503,
  overloaded: 503,
};

function statusOf(error: unknown): number {
  if (error instanceof SipSyntaxError) return error.status;
  return (error instanceof Failure && STATUSES[error.code]) || 500;
}
