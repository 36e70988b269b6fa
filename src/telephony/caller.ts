import { fromOf, type Hop, type Reply, type SipRequest, userOf } from '../sip/index.ts';
import type { PhoneAccount, PhoneIdentity } from './phone-identity.ts';

/** Lookups that classify a caller. */
export interface CallerPorts {
  /** Whose trunks say that this is their address; null: the operator's. Empty: it is no trunk's. */
  trunkOwners(address: string): readonly (string | null)[];
  /** Whether others may call from there without saying who they are. */
  isTrusted(address: string): boolean;
  phones: PhoneIdentity;
  /** Whether the phone is registered from there. */
  isRegisteredAt(username: string, address: string): boolean;
  /** Whether the request asks for a number of those whose trunks are at the address. */
  reachesNumber(request: SipRequest, address: string): boolean;
}

/**
 * `trusted`: a trunk, or the machine itself. `phone`: it has to prove a password; the phone may not exist.
 * `unknown`: neither the address nor the name can be one of ours.
 */
export type Caller =
  | { kind: 'trusted' | 'unknown'; phone?: undefined }
  | { kind: 'phone'; phone: PhoneAccount | undefined };

/** The form of a phone's name. Other names are refused without a challenge. */
const PHONE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Classifies the sender of an INVITE by its address and its From. */
export function callerOf(request: SipRequest, { address }: Hop, ports: CallerPorts): Caller {
  const name = userOf(fromOf(request).uri) ?? 'anonymous';
  const phone = ports.phones.find(name);
  const owners = ports.trunkOwners(address);
  if (owners.includes(null)) return { kind: 'trusted' };
  // A customer's trunk calls the customer's numbers in anybody's name, but not in place of another's phone.
  if (owners.length > 0 && ports.reachesNumber(request, address)) {
    const foreign = phone && !owners.includes(phone.customerId);
    const registered = foreign && ports.isRegisteredAt(phone.username, address);
    return registered ? { kind: 'phone', phone } : { kind: 'trusted' };
  }
  if (phone) return { kind: 'phone', phone };
  if (ports.isTrusted(address)) return { kind: 'trusted' };
  // Existing and unknown names get the same challenge, so that an INVITE does not reveal which phones exist.
  if (PHONE_NAME.test(name)) return { kind: 'phone', phone: undefined };
  // A customer's carrier that asks for a number which the customer does not have learns just that.
  return { kind: owners.length > 0 ? 'trusted' : 'unknown' };
}

/** Why the caller is refused: 401 without a proof of the password, 403 with a wrong one or from an unknown address. */
export function refusalOfCaller(request: SipRequest, source: Hop, ports: CallerPorts): Reply | undefined {
  const { kind, phone } = callerOf(request, source, ports);
  if (kind === 'trusted') return undefined;
  if (kind === 'unknown') return { status: 403, why: 'SIP from this address is refused' };
  return ports.phones.refusal(phone, request, source) ?? (phone ? undefined : { status: 403 });
}
