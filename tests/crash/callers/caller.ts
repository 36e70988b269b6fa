import type { Phone, Phones } from '../../../bench/support/phones.ts';
import type { Random } from '../../../src/core/index.ts';
import type { Receiver } from '../receiver.ts';
import type { Rest } from '../rest.ts';

/** What callers have in common while one process of the server lives. */
export interface World {
  server: { host: string; port: number };
  phones: Phones;
  rest: Rest;
  receiver: Receiver;
  random: Random;
  /** Aborted when the server dies: whoever is in a call then stays there. */
  signal: AbortSignal;
  /** Who is in a call now, and is owed a hangup. */
  live: Set<Phone>;
}

/** Makes one call from its beginning to its end. Rejects when the server dies over it. @param from a number, as nobody else has it. */
export type Caller = (world: World, from: string) => Promise<void>;
