import type { Seen, World } from './world.ts';

/** Something that goes wrong, and what is promised to come of it. */
export interface Fault {
  name: string;
  /** Does it, and tells what was noticed. */
  happen(world: World): Promise<Seen>;
  promised: Seen;
}

/** Faults that share a server. */
export interface Chapter {
  title: string;
  env?: Record<string, string>;
  /** They disturb each other: one after the other. */
  alone?: boolean;
  /** Why it cannot be tried on this machine; undefined where it can. */
  impossible?: () => string | undefined;
  faults: Fault[];
}
