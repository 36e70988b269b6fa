import { applications } from './applications.ts';
import { clocks } from './clocks.ts';
import { dataFolders } from './data-folders.ts';
import { databases } from './databases.ts';
import { disks } from './disks.ts';
import type { Chapter, Fault } from './fault.ts';
import { nothingLeft } from './leftovers.ts';
import { load, ports } from './load.ts';
import { names } from './names.ts';
import { packets } from './packets.ts';
import { peers } from './peers.ts';
import { unknownSources } from './unknown-sources.ts';
import { webhooks } from './webhooks.ts';
import { type Seen, World } from './world.ts';

/** Everything that is made to go wrong. */
export const chapters: readonly Chapter[] = [
  applications,
  names,
  webhooks,
  packets,
  peers,
  load,
  ports,
  unknownSources,
  disks,
  databases,
  dataFolders,
  clocks,
];

export interface Outcome {
  fault: Fault;
  seen: Seen;
}

/** Those that `npm test` has the time for. */
export const quick = ({ faults, ...chapter }: Chapter): Chapter => ({
  ...chapter,
  faults: faults.filter(({ slow }) => !slow),
});

/**
 * Causes all faults of a chapter on their own server, which must have nothing open afterwards.
 * @param report receives each outcome at once
 */
export async function happen(
  { env, atOnce, faults }: Chapter,
  report: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const world = await World.open(env);
  try {
    const outcomes: Outcome[] = [];
    const rest = faults.entries();
    const some = async () => {
      for (const [at, fault] of rest) {
        const outcome = { fault, seen: await fault.happen(world) };
        outcomes[at] = outcome;
        report(outcome);
      }
    };
    await Promise.all(Array.from({ length: atOnce ?? faults.length }, some));
    await nothingLeft(world, env);
    return outcomes;
  } finally {
    await world.close();
  }
}
