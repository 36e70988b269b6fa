import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Chapter } from './fault.ts';
import { impossible, mount, unmount } from './mounts.ts';
import { accountOf, type World } from './world.ts';

/** Two seconds of a recording. */
const SIZE = '64k';

async function recordedOn(world: World, options: string) {
  const folder = join(world.harness.server.dataDir, 'recordings');
  mkdirSync(folder, { recursive: true });
  mount(folder, options);
  try {
    const tone = { play: { url: world.harness.tone(1000, 3000) } };
    const line = await world.harness.line([{ start_recording: {} }, tone]);
    const caller = await world.call(line);
    await caller.hungUp();
    const account = await accountOf(line);
    const { audio } = await account.recording();
    const saved = audio ? `${Math.floor(audio.durationMs / 1000)} s are saved` : 'nothing is saved';
    return {
      caller: caller.heardOf(3000),
      application: await account.events(),
      operator: `${saved}; ${account.logged()}`,
    };
  } finally {
    unmount(folder);
  }
}

export const disks: Chapter = {
  title: 'Disks',
  atOnce: 1,
  impossible,
  faults: [
    {
      name: 'the disk of the recordings is full during a recording',
      happen: (world) => recordedOn(world, `size=${SIZE}`),
      promised: {
        caller: 'hears everything',
        application:
          '`recording.started`, `recording.failed` (`recording_write_failed`), `call.completed` (`application`)',
        operator: '2 s are saved; log: `a recording failed` (ENOSPC: no space left on device, write)',
      },
    },
    {
      name: 'the disk of the recordings cannot be written to',
      happen: (world) => recordedOn(world, 'ro'),
      promised: {
        caller: 'hears everything',
        application: '`recording.failed` (`recording_start_failed`), `call.completed` (`application`)',
        operator: "nothing is saved; log: `a recording failed` (EROFS: read-only file system, mkdir '…')",
      },
    },
  ],
};
