import { isIP } from 'node:net';
import { isPrivateFromPublicPeer } from '../../net/index.ts';
import { checkTarget, contactsOf, type SipRequest, type SipResponse } from '../message/index.ts';
import type { Hop, Target, TransportLayer } from '../transport/index.ts';

/**
 * The usable Contact of a message: exactly one (RFC 3261 §8.1.1.8), with a SIP URI.
 * @returns undefined for no or several Contacts, and for one that `checkTarget` rejects.
 */
export function targetOf(message: SipRequest | SipResponse): string | undefined {
  const [uri, ...more] = contactUris(message);
  return uri !== undefined && more.length === 0 && isTarget(uri) ? uri : undefined;
}

/** Whether a message has readable Contacts, but requests cannot be sent to them. */
export const hasUnusableContact = (message: SipRequest | SipResponse): boolean =>
  contactUris(message).length > 0 && targetOf(message) === undefined;

function contactUris(message: SipRequest | SipResponse): string[] {
  try {
    return contactsOf(message).map(({ uri }) => uri);
  } catch {
    return [];
  }
}

function isTarget(uri: string): boolean {
  try {
    checkTarget(uri);
    return true;
  } catch {
    return false;
  }
}

/** The hops of the peer that are known apart from its Contact and route set. */
export interface PeerHops {
  /** Hop to use instead of the Contact, for a peer behind NAT or one that keeps a connection open. */
  returnHop?: Hop | undefined;
  /** Source of the peer's INVITE, or destination of ours. */
  peer: Hop;
}

/** The part of the dialog state that determines the next hop (RFC 3261 §12.2.1.1). */
export interface NextHop {
  /** URI of the next hop: the first Route, else the remote target. */
  readonly nextHop: string;
  /** Host of `nextHop`, if it is readable. */
  readonly nextHost: string | undefined;
  readonly hasRoutes: boolean;
}

/** Finds the destination of requests within a dialog, also for a peer whose Contact is unreachable. */
export class RemoteTarget {
  /** Source of the peer's INVITE, or destination of ours. */
  readonly peer: Hop;
  #state: NextHop;
  #configuredHop: Hop | undefined;

  constructor(state: NextHop, { returnHop, peer }: PeerHops) {
    this.#state = state;
    this.#configuredHop = returnHop;
    this.peer = peer;
  }

  /**
   * Uses the route set, else the return hop, else the Contact. If a name cannot be resolved, such as one of the peer's
   * own network, uses `peer`, so that ACK and BYE are sent anyway.
   */
  async locate(transport: Pick<TransportLayer, 'locate'>): Promise<Target> {
    const returnHop = this.#returnHop;
    if (returnHop?.transport === 'udp') return transport.locate(returnHop);
    const target = await transport
      .locate(this.#state.nextHop)
      .catch(() => transport.locate(returnHop ?? this.peer));
    const { fixed, hops } = withoutPrivateHops(this.peer, target);
    return returnHop ? { fixed: true, hops: [returnHop, ...hops] } : { fixed, hops };
  }

  /** The destination that remains valid after a restart of this process, which ends its connections. */
  get persistentDestination(): string | Hop {
    if (this.#returnHop?.transport === 'udp') return this.#returnHop;
    const { nextHop, nextHost = '' } = this.#state;
    return isIP(nextHost) && (isUnspecified(nextHost) || isPrivateFromPublicPeer(nextHost, this.peer.address))
      ? this.peer
      : nextHop;
  }

  get #returnHop(): Hop | undefined {
    return this.#state.hasRoutes ? undefined : this.#configuredHop;
  }
}

/**
 * Removes the private addresses that a public peer names in Contact, Record-Route or DNS. Otherwise the peer could
 * direct our requests into our own network. Such a peer is behind NAT and is reached at its source instead.
 */
export function withoutPrivateHops(peer: Hop, { fixed, hops }: Target): Target {
  const allowed = hops.filter(
    ({ address }) => !isUnspecified(address) && !isPrivateFromPublicPeer(address, peer.address),
  );
  return allowed.length > 0 ? { fixed, hops: allowed } : { fixed: true, hops: [peer] };
}

/** Phones that do not know their address send the unspecified one, which would be this machine. */
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';
