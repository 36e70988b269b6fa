import { fromOf, type Hop, type SipRequest, userOf } from '../../sip/index.ts';
import type { PhoneAccount, PhoneIdentity } from '../phone-identity.ts';

/** The part of a trunk that decides how the numbers in its INVITEs are read. */
export interface CallingTrunk {
  /** The trunk reaches this customer's numbers only; null: an operator's trunk, which reaches all numbers. */
  customerId: string | null;
  /** The name that we register with the carrier. An INVITE to it does not contain the called number. */
  username: string | null;
  /** ISO 3166-1: the country whose national formats the trunk sends; null or undefined: none. */
  country?: string | null | undefined;
}

/** Lookups that identify the source of a request. */
export interface SourceLookups {
  /** The trunks that call from an address, the most specific first. An operator's trunk hides those of customers. */
  trunksAt(address: string): readonly CallingTrunk[];
  /** Whether the phone of this name, or any phone, is registered from an address. */
  isPhoneAt(address: string, username?: string): boolean;
  /** Whether requests from an address need no password: this machine's own, while SIP listens on loopback only. */
  isTrusted(address: string): boolean;
}

/** Where a request comes from: a trunk, a registered phone, this machine, or an unknown source. */
export class Source {
  readonly hop: Hop;
  #lookups: SourceLookups;
  #trunks: readonly CallingTrunk[] | undefined;

  constructor(hop: Hop, lookups: SourceLookups) {
    this.hop = hop;
    this.#lookups = lookups;
  }

  get address(): string {
    return this.hop.address;
  }

  /** The trunks that call from here. Customers' entries are claims: they prove nothing about the address. */
  get trunks(): readonly CallingTrunk[] {
    this.#trunks ??= this.#lookups.trunksAt(this.address);
    return this.#trunks;
  }

  /** The customers who own the trunks; null stands for the operator. */
  get trunkOwners(): (string | null)[] {
    return [...new Set(this.trunks.map(({ customerId }) => customerId))];
  }

  get isTrusted(): boolean {
    return this.#lookups.isTrusted(this.address);
  }

  /** Whether it is this machine, a registered phone, or an operator's trunk. Known sources are never blocked. */
  get isKnown(): boolean {
    return this.isTrusted || this.hasPhone() || this.trunkOwners.includes(null);
  }

  /** Whether the phone of this name, or any phone, is registered from here. */
  hasPhone(username?: string): boolean {
    return this.#lookups.isPhoneAt(this.address, username);
  }
}

/**
 * The sender of an INVITE. `trusted`: a trunk or this machine. `phone`: has to prove a password; the phone may not
 * exist. `unknown`: neither the address nor the name can belong to a trunk or a phone.
 */
export type Caller =
  | { kind: 'trusted' | 'unknown'; phone?: undefined }
  | { kind: 'phone'; phone: PhoneAccount | undefined };

/** The form of a phone's name. Other names are refused without a challenge. */
const PHONE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * Identifies the sender of an INVITE by its source and its From.
 * @param reachesNumber whether the source's trunks reach the called number.
 */
export function identifyCaller(
  request: SipRequest,
  source: Source,
  { phones, reachesNumber }: { phones: Pick<PhoneIdentity, 'find'>; reachesNumber(): boolean },
): Caller {
  const name = userOf(fromOf(request).uri) ?? 'anonymous';
  const phone = phones.find(name);
  const owners = source.trunkOwners;
  if (owners.includes(null)) return { kind: 'trusted' };
  // A customer's trunk calls the customer's numbers with any caller ID, but not in place of another customer's phone.
  if (owners.length > 0 && reachesNumber()) {
    const foreign = phone && !owners.includes(phone.customerId);
    return foreign && source.hasPhone(phone.username) ? { kind: 'phone', phone } : { kind: 'trusted' };
  }
  if (phone) return { kind: 'phone', phone };
  if (source.isTrusted) return { kind: 'trusted' };
  // Existing and unknown names get the same challenge, so that an INVITE does not reveal which phones exist.
  if (PHONE_NAME.test(name)) return { kind: 'phone', phone: undefined };
  // A customer's carrier that calls a number which the customer does not have gets 404, not 403.
  return { kind: owners.length > 0 ? 'trusted' : 'unknown' };
}
