import { isIP } from 'node:net';
import { isPrivateFromPublicPeer } from '../../net/index.ts';
import type { Hop, Target, TransportLayer } from '../transport/index.ts';
import type { DialogState } from './dialog-state.ts';

/** How the two sides have met. */
export interface Meeting {
  /** Where the other side is known to be reached when its Contact is not. */
  known?: Hop | undefined;
  /** Where its INVITE came from, or was sent to. */
  peer: Hop;
}

/** Where the other side of a dialog is: as it says, unless it cannot be there for us, or must not. */
export class Whereabouts {
  #state: DialogState;
  #known: Hop | undefined;
  #peer: Hop;

  constructor(state: DialogState, { known, peer }: Meeting) {
    this.#state = state;
    this.#known = known;
    this.#peer = peer;
  }

  /**
   * The route set, else the way the other side is known to be on, else its Contact. A name that cannot be resolved
   * here, such as one of the other side's own network, is no reason to leave it without an ACK or BYE.
   */
  async locate(transport: Pick<TransportLayer, 'locate'>): Promise<Target> {
    const known = this.#way;
    if (known?.transport === 'udp') return transport.locate(known);
    const target = await transport
      .locate(this.#state.nextHop)
      .catch(() => transport.locate(known ?? this.#peer));
    const { fixed, hops } = reachableFrom(this.#peer, target);
    return known ? { fixed: true, hops: [known, ...hops] } : { fixed, hops };
  }

  /** Where the other side was met. */
  get peer(): Hop {
    return this.#peer;
  }

  /** What still leads there after this process, whose connections end with it. */
  get lasting(): string | Hop {
    if (this.#way?.transport === 'udp') return this.#way;
    const { nextHop, nextHost = '' } = this.#state;
    return isIP(nextHost) &&
      (isUnspecified(nextHost) || isPrivateFromPublicPeer(nextHost, this.#peer.address))
      ? this.#peer
      : nextHop;
  }

  get #way(): Hop | undefined {
    return this.#state.hasRoutes ? undefined : this.#known;
  }
}

/**
 * Leaves out the private addresses that a public peer names by its Contact, its Record-Route, or a name that resolves
 * to one: they must not lead into our own network. Such a peer is behind a NAT, and is reached where it was met.
 */
export function reachableFrom(peer: Hop, { fixed, hops }: Target): Target {
  const open = hops.filter(
    ({ address }) => !isUnspecified(address) && !isPrivateFromPublicPeer(address, peer.address),
  );
  return open.length > 0 ? { fixed, hops: open } : { fixed: true, hops: [peer] };
}

/** What a phone says that does not know its own address. Sent to, it would be this machine. */
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';
