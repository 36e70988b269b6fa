import { sourceNetwork } from '../../../contract/network-address.ts';
import type { Clock } from '../../core/index.ts';
import type { Hop } from '../../sip/index.ts';

/**
 * The cost of a refused attempt. `rejected`: a final refusal. `challenged`: a request for a password, which phones
 * behind one address all get at the same time before the first of them answers. `probed`: a method other than INVITE
 * and REGISTER, such as the keepalive that a phone sends after our restart and before it registers again.
 */
const COSTS = { rejected: 5, challenged: 1, probed: 1 };
/** Ten rejected attempts block a source when each is less than a minute after the one before. */
const BLOCKING_COST = 50;
const FORGET_MS = 60_000;
const BLOCK_MS = 10 * 60_000;
/** Sources in memory. Blocking does not stop an attacker who has more addresses than this. */
const CAPACITY = 10_000;

/** The part of a hop that identifies a source. */
export type AttemptOrigin = Pick<Hop, 'transport' | 'address'>;

export type AttemptKind = keyof typeof COSTS;

interface Attempts {
  cost: number;
  /** Monotonic time of the last attempt, in milliseconds. */
  at: number;
}

/** UDP senders can forge their address, so they must not block the TCP and TLS connections from that address. */
const keyOf = ({ transport, address }: AttemptOrigin): string =>
  transport === 'udp' ? sourceNetwork(address) : `${sourceNetwork(address)} connected`;

/** Blocks sources after repeated refused attempts. A blocked source gets no response, so scanners learn nothing. */
export class SourceBlocker {
  /** Since the start: sources that were blocked, and requests from blocked sources. */
  readonly counts = { blocked: 0, ignored: 0 };
  #clock: Clock;
  /** In the order of their last attempt. */
  #attempts = new Map<string, Attempts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records a refused attempt. @returns whether this attempt blocks the source. */
  record(from: AttemptOrigin, kind: AttemptKind = 'rejected'): boolean {
    const key = keyOf(from);
    const before = this.#cost(key);
    const cost = before + COSTS[kind];
    this.#attempts.delete(key);
    this.#attempts.set(key, { cost, at: this.#clock.monotonic() });
    for (const oldest of this.#attempts.keys()) {
      if (this.#attempts.size <= CAPACITY) break;
      this.#attempts.delete(oldest);
    }
    const blocks = before < BLOCKING_COST && cost >= BLOCKING_COST;
    if (blocks) this.counts.blocked++;
    return blocks;
  }

  /** Forgets all attempts of a source, because one of its requests has proven a password. */
  forgive(from: AttemptOrigin): void {
    this.#attempts.delete(keyOf(from));
  }

  /** Whether requests from the source get no response. */
  isBlocked(from: AttemptOrigin): boolean {
    return this.#cost(keyOf(from)) >= BLOCKING_COST;
  }

  #cost(key: string): number {
    const attempts = this.#attempts.get(key);
    if (!attempts) return 0;
    const lasting = attempts.cost >= BLOCKING_COST ? BLOCK_MS : FORGET_MS;
    return this.#clock.monotonic() - attempts.at < lasting ? attempts.cost : 0;
  }
}
