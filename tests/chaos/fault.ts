import type { Seen, World } from './world.ts';

/** A fault, and what MiniVoice promises for it. */
export interface Fault {
  name: string;
  /** Causes it. @returns what was noticed. */
  happen(world: World): Promise<Seen>;
  promised: Seen;
  /** Takes too long for `npm test`: only `npm run test:chaos` causes it. */
  slow?: boolean;
}

/** Faults that share a server. */
export interface Chapter {
  title: string;
  env?: Record<string, string>;
  /** A note for readers of the table. */
  note?: string;
  /** The number of faults at the same time: 1 if they disturb each other. Default: all. */
  atOnce?: number;
  /** Why it cannot run on this machine; undefined if it can. */
  impossible?: () => string | undefined;
  faults: Fault[];
}
