import type { Arrival } from '../calls/index.ts';
import { detach, explain, Failure, type Log, type Random } from '../core/index.ts';
import type { MediaEngine, Sound } from '../media/index.ts';
import {
  fromOf,
  type Hop,
  type IncomingInvite,
  type Reply,
  type SipRequest,
  SipSyntaxError,
} from '../sip/index.ts';
import {
  type Called,
  type CalledPorts,
  type CallingTrunk,
  calledByPhone,
  calledByTrunk,
  dialed,
} from './called.ts';
import { type CallerPorts, callerOf, refusalOfCaller } from './caller.ts';
import { Negotiation } from './negotiation.ts';
import { Asked, RETRY_LATER } from './opening.ts';
import type { PhoneAccount } from './phone-identity.ts';
import { sipHeadersOf } from './sip-headers.ts';
import { SipLeg } from './sip-leg.ts';

/** What the door asks about a call before it lets it in. */
export interface InboundPorts extends CallerPorts, CalledPorts {
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
  /** The trunks that say that this is their address, the most specific first. */
  trunksAt(address: string): readonly CallingTrunk[];
  arrive(arrival: Arrival): void;
}

/** The inbound door: an INVITE becomes a call, or is refused with the status that says why. */
export function createInboundDoor(ports: InboundPorts): (invite: IncomingInvite) => void {
  return (invite) => {
    receive(invite, ports).catch((error) => {
      const status = statusOf(error);
      if (error instanceof Failure && error.code === 'no_media_port') ports.noPorts();
      // A source that tries unknown numbers is a scanner, even at an address of a customer's trunk.
      if (status === 404) ports.refused(invite.source, 'refused');
      const hint =
        status === 404 ? { hint: 'add a number with POST /admin/v1/dids, a phone with POST /v1/phones' } : {};
      const fields = { source: invite.source.address, status, error: explain(error), ...hint };
      ports.log.warn(fields, 'INVITE refused');
      const why = error instanceof Failure || error instanceof SipSyntaxError ? error.message : undefined;
      invite.reject(status, { headers: status === 503 ? RETRY_LATER : undefined, why });
    });
  };
}

async function receive(invite: IncomingInvite, ports: InboundPorts): Promise<void> {
  const { source, request } = invite;
  const refusal = refusalOfCaller(request, source, ports);
  if (refusal) {
    ports.refused(source, refusal.status === 403 ? 'refused' : 'asked');
    invite.reject(refusal.status, refusal);
    return;
  }
  const { phone } = callerOf(request, source, ports);
  if (phone) ports.proven(source);
  await letIn(invite, phone, ports);
}

/** Who is called, by a phone or by a trunk. The machine itself is like a trunk of the operator's. */
function calledIn(
  request: SipRequest,
  source: Hop,
  phone: PhoneAccount | undefined,
  ports: InboundPorts,
): Called {
  if (phone) return calledByPhone(request, phone, ports);
  const trunks = ports.trunksAt(source.address);
  const all = ports.isTrusted(source.address) ? [...trunks, MACHINE] : trunks;
  return calledByTrunk(request, all, ports);
}

const MACHINE: CallingTrunk = { customerId: null, username: null };

/** RFC 3261 §11.2: answers OPTIONS as an INVITE to the same number would be; undefined: it would be taken. */
export function createOptionsHook(
  ports: InboundPorts,
): (request: SipRequest, source: Hop) => Reply | undefined {
  return (request, source) => {
    const user = dialed(request.uri);
    const trunks = ports.trunksAt(source.address);
    // Carriers look whether we are there by the name that we have registered with them.
    const isOurName = trunks.some(({ username }) => username?.toLowerCase() === user.toLowerCase());
    if (user === '' || user === 'minivoice' || isOurName) return undefined;
    const { phone } = callerOf(request, source, ports);
    const known = phone && ports.isRegisteredAt(phone.username, source.address) ? phone : undefined;
    const { to, route } = calledIn(request, source, known, ports);
    return route ? undefined : { status: 404, why: `Nobody has the number ${to}` };
  };
}

async function letIn(
  invite: IncomingInvite,
  phone: PhoneAccount | undefined,
  ports: InboundPorts,
): Promise<void> {
  const { request, source } = invite;
  const { to, route, trunk } = calledIn(request, source, phone, ports);
  if (!route) throw notReached(to, phone, source, ports);
  if (route.routeMode === 'reject') throw new Failure('rejected', `Calls to ${to} are rejected.`);
  if (!ports.open(source.address)) throw new Failure('overloaded', 'No more calls can be taken now.');
  const sound = await ports.media.open();
  const leg = openLeg(invite, sound, ports);
  const caller = dialed(fromOf(request).uri) || 'anonymous';
  const from = phone?.username ?? ports.normalizeNumber(caller, trunk?.country);
  const sipHeaders = sipHeadersOf(request, trunk !== undefined && trunk !== MACHINE);
  ports.arrive({ leg, from, to, route, sipHeaders, isCallerTrusted: trunk?.customerId === null });
}

/**
 * Why a number is not reached. The caller learns nothing about other customers. The log names the owner for the
 * operator: on a new server this is the usual mistake.
 */
function notReached(to: string, phone: PhoneAccount | undefined, source: Hop, ports: InboundPorts): Failure {
  const owner = ports.route(to)?.customerId ?? ports.phones.find(to)?.customerId;
  if (owner !== undefined) {
    const caller = phone
      ? { phone: phone.username, customer_id: phone.customerId }
      : { customer_ids: ports.trunkOwners(source.address) };
    const hint = phone
      ? "create the phone with a key of the customer who has the number, or assign the number to an application of the phone's customer"
      : 'assign the number to an application of the customer whose trunk this is, or make it a trunk for all';
    const fields = { source: source.address, ...caller, to, owner_customer_id: owner, hint };
    ports.log.warn(fields, 'the number called belongs to another customer than the caller');
  }
  if (!phone) return new Failure('not_found', `Nobody has the number ${to}.`);
  return new Failure('not_found', `The customer of this phone has no number and no phone ${to}.`);
}

function openLeg(invite: IncomingInvite, sound: Sound, ports: InboundPorts): SipLeg {
  try {
    const address = ports.publicAddress ?? sound.local.address;
    const { offer, source } = invite;
    const negotiation = new Negotiation({
      sound,
      address,
      random: ports.random,
      offer,
      peer: source.address,
    });
    const opening = new Asked(invite, negotiation);
    return new SipLeg({ id: ports.random.uuid(), opening, sound, negotiation, log: ports.log });
  } catch (error) {
    detach('lines.inbound', sound.close());
    throw error;
  }
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
