import type { Clock, Log } from '../core/index.ts';
import { type Directory, operatorsFirst } from '../directory/index.ts';
import type { Gate, Hop, SipRequest } from '../sip/index.ts';
import { type CallingTrunk, type Carriers, type Registrar, Strangers } from '../telephony/index.ts';

interface Parts {
  directory: Directory;
  registrar: Registrar;
  carriers(): Carriers;
  /** Whether everybody there may call: the machine itself, as contract 12 has it. */
  isTrusted(address: string): boolean;
  /** Whether a request asks for a number of those whose trunks these are. */
  reachesNumber(request: SipRequest, trunks: readonly CallingTrunk[]): boolean;
  clock: Clock;
  log: Log;
}

/** What an unknown source may ask at all: to call, and to register. */
const FOR_UNKNOWN = ['INVITE', 'REGISTER'];

/**
 * Who is known to SIP, and which sources were refused too often. What a customer says about addresses counts for that
 * customer alone: it opens the way to the customer's own numbers, and neither protects a source from being blocked nor
 * keeps others from anything.
 */
export function watchDoor({ directory, registrar, carriers, isTrusted, reachesNumber, clock, log }: Parts) {
  const strangers = new Strangers(clock);
  const trunksAt = (address: string): CallingTrunk[] =>
    operatorsFirst([...directory.trunks.at(address), ...carriers().at(address)]);
  const ownersAt = (address: string) => [...new Set(trunksAt(address).map(({ customerId }) => customerId))];
  // Whoever can send in the name of a carrier or a phone must not be able to silence it.
  const isKnown = (address: string) =>
    isTrusted(address) || registrar.isAt(address) || ownersAt(address).includes(null);
  const refused = (source: Hop, how: 'refused' | 'asked' | 'probed') => {
    if (isKnown(source.address) || !strangers.refused(source, how)) return;
    log.warn({ address: source.address }, 'not answered any more');
  };
  /** A customer's carrier is heard even if somebody else was refused in its name. */
  const isForOwner = (request: SipRequest, trunks: CallingTrunk[]) =>
    request.method === 'OPTIONS' || (request.method === 'INVITE' && reachesNumber(request, trunks));
  const gate: Gate = (request, source) => {
    const silenced = strangers.isSilenced(source);
    if (!silenced && FOR_UNKNOWN.includes(request.method)) return undefined;
    if (isKnown(source.address)) return undefined;
    const trunks = trunksAt(source.address);
    if (trunks.length > 0 && isForOwner(request, trunks)) return undefined;
    if (silenced) {
      strangers.counts.ignored++;
      return 'silence';
    }
    refused(source, 'probed');
    return trunks.length > 0 ? undefined : { status: 403, why: 'SIP from this address is refused' };
  };
  return {
    gate,
    isKnown,
    refused,
    proven: (source: Hop) => strangers.forgive(source),
    counts: strangers.counts,
    /**
     * Whether a place belongs to a trunk which the customer's calls do not pay for when they go there straight. Where
     * customers say that calls come from proves nothing of an address; where calls are sent does.
     */
    isForeignTrunk(place: { name: string; address: string }, customerId: string): boolean {
      const { trunks } = directory;
      const operators = trunks.at(place.address).filter((trunk) => trunk.customerId === null);
      const sent = [...carriers().maybe(place), ...trunks.proxiesAt(place.address)];
      const owners = [...operators, ...sent].map((trunk) => trunk.customerId);
      return owners.includes(null) || (owners.length > 0 && !owners.includes(customerId));
    },
    /** The trunks that calls from there belong to. */
    trunksAt,
    /** Whose trunks calls from there belong to; null: the operator's. */
    trunkOwners: ownersAt,
  };
}

export type Door = ReturnType<typeof watchDoor>;
