import type { Seen, World } from './world.ts';

/** Something that goes wrong, and what is promised to come of it. */
export interface Fault {
  name: string;
  /** Does it, and tells what was noticed. */
  happen(world: World): Promise<Seen>;
  promised: Seen;
  /** Takes too long for `npm test`: only `npm run test:chaos` lets it happen. */
  slow?: boolean;
}

/** Faults that share a server. */
export interface Chapter {
  title: string;
  env?: Record<string, string>;
  /** What a reader of the table must know besides. */
  note?: string;
  /** So many of them at a time; 1 where they disturb each other. All, if left out. */
  atOnce?: number;
  /** Why it cannot be tried on this machine; undefined where it can. */
  impossible?: () => string | undefined;
  faults: Fault[];
}
