import { addresses, applications } from './applications.ts';
import { disks } from './disks.ts';
import type { Chapter, Fault } from './fault.ts';
import { load } from './load.ts';
import { packets } from './packets.ts';
import { strangers } from './strangers.ts';
import { webhooks } from './webhooks.ts';
import { type Seen, World } from './world.ts';

/** Everything that is made to go wrong. */
export const chapters: readonly Chapter[] = [
  applications,
  addresses,
  webhooks,
  packets,
  load,
  strangers,
  disks,
];

export interface Outcome {
  fault: Fault;
  seen: Seen;
}

/** Lets all faults of a chapter happen on a server of their own. */
export async function happen({ env, alone, faults }: Chapter): Promise<Outcome[]> {
  const world = await World.open(env);
  try {
    if (!alone)
      return await Promise.all(faults.map(async (fault) => ({ fault, seen: await fault.happen(world) })));
    const outcomes: Outcome[] = [];
    for (const fault of faults) outcomes.push({ fault, seen: await fault.happen(world) });
    return outcomes;
  } finally {
    await world.close();
  }
}
