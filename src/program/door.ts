import type { Directory } from '../directory/index.ts';
import type { Clock, Log } from '../kit/index.ts';
import { type Carriers, type Registrar, Strangers } from '../lines/index.ts';
import type { Gate, Hop } from '../sip/index.ts';

interface Parts {
  directory: Directory;
  registrar: Registrar;
  carriers(): Carriers;
  /** Whether everybody there may call: the machine itself, as contract 12 has it. */
  isTrusted(address: string): boolean;
  clock: Clock;
  log: Log;
}

/** What a stranger may ask at all: to call, and to register. */
const FOR_STRANGERS = ['INVITE', 'REGISTER'];

/** Who is known at the door of SIP, and who has knocked too often. */
export function watchDoor({ directory, registrar, carriers, isTrusted, clock, log }: Parts) {
  const strangers = new Strangers(clock);
  const trunksAt = (address: string) => [...directory.trunks.at(address), ...carriers().at(address)];
  // Whoever can send in the name of a carrier or a phone must not be able to silence it.
  const isKnown = (address: string) =>
    isTrusted(address) ||
    registrar.isAt(address) ||
    directory.trunks.isAssured(address) ||
    carriers().at(address).length > 0;
  const refused = (source: Hop, how: 'refused' | 'asked' | 'probed') => {
    if (isKnown(source.address) || !strangers.refused(source, how)) return;
    log.warn({ address: source.address }, 'not answered any more');
  };
  const gate: Gate = ({ method }, source) => {
    const silenced = strangers.isSilenced(source);
    if (!silenced && FOR_STRANGERS.includes(method)) return undefined;
    if (isKnown(source.address)) return undefined;
    if (silenced) {
      strangers.counts.ignored++;
      return 'silence';
    }
    if (trunksAt(source.address).length > 0) return undefined;
    refused(source, 'probed');
    return { status: 403 };
  };
  return {
    gate,
    /** Whether calls from there need no proof of who calls. */
    isKnown: (address: string) => isKnown(address) || trunksAt(address).length > 0,
    refused,
    proven: (source: Hop) => strangers.forgive(source),
    counts: strangers.counts,
    trunksAt,
    /** Whose trunks say that this is their address; null: the operator's. */
    trunkOwners: (address: string) => trunksAt(address).map(({ customerId }) => customerId),
  };
}

export type Door = ReturnType<typeof watchDoor>;
