import { sourceNetwork } from '../../contract/network-address.ts';
import type { Clock } from '../core/index.ts';
import type { Hop } from '../sip/index.ts';

/**
 * What a knock costs: one that was refused, one that was asked for a password and says nothing to it, and one that
 * wants neither to call nor to register. Phones behind one address that begin at the same time are all asked before
 * the first of them answers; and after a restart of ours they say what keeps a NAT open before they register anew.
 */
const COSTS = { refused: 5, asked: 1, probed: 1 };
/** Ten refusals, each less than a minute after the one before, and an address is not answered any more. */
const PATIENCE = 50;
const FORGIVEN_MS = 60_000;
const SILENCE_MS = 10 * 60_000;
/** Addresses that are remembered: whoever has more than these at hand is not stopped by silence anyway. */
const CAPACITY = 10_000;

interface Record {
  cost: number;
  /** Of the last knock, by the monotonic clock. */
  at: number;
}

/** Whoever can send UDP in the name of an address must not silence those who come from there over connections. */
const keyOf = ({ transport, address }: Knock): string =>
  transport === 'udp' ? sourceNetwork(address) : `${sourceNetwork(address)} connected`;

/** Where somebody knocks from. */
export type Knock = Pick<Hop, 'transport' | 'address'>;

/** Those who knock at SIP and were refused. Scanners try thousands of names; silence tells them nothing. */
export class Strangers {
  /** Since the start: addresses that were silenced, and requests that were not answered. */
  readonly counts = { silenced: 0, ignored: 0 };
  #clock: Clock;
  /** In the order of their last refusal. */
  #records = new Map<string, Record>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a refusal. @returns is it the last that this address is told of? */
  refused(from: Knock, how: keyof typeof COSTS = 'refused'): boolean {
    const key = keyOf(from);
    const before = this.#cost(key);
    const cost = before + COSTS[how];
    this.#records.delete(key);
    this.#records.set(key, { cost, at: this.#clock.monotonic() });
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= CAPACITY) break;
      this.#records.delete(oldest);
    }
    const last = before < PATIENCE && cost >= PATIENCE;
    if (last) this.counts.silenced++;
    return last;
  }

  /** Somebody there has proven who he is: all that was before is forgiven. */
  forgive(from: Knock): void {
    this.#records.delete(keyOf(from));
  }

  /** Whether requests from there are not even answered. */
  isSilenced(from: Knock): boolean {
    return this.#cost(keyOf(from)) >= PATIENCE;
  }

  #cost(key: string): number {
    const record = this.#records.get(key);
    if (!record) return 0;
    const lasting = record.cost >= PATIENCE ? SILENCE_MS : FORGIVEN_MS;
    return this.#clock.monotonic() - record.at < lasting ? record.cost : 0;
  }
}
