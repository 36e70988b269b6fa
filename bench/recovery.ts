import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog, systemClock } from '../src/core/index.ts';
import { Eraser, RecordingFiles, recoverRecordings, ThreadFinisher } from '../src/recordings/index.ts';
import { openSqliteStorage, type Storage } from '../src/storage/index.ts';
import { aCall, anEvent, aRecording } from '../src/storage/testing/records.ts';
import type { Row } from './row.ts';

const FILES = 100_000;
const OPEN_CALLS = 50;
const OLD_CALLS = 1_000;

/** Measures a start after a crash with many old recordings, and the main-thread blocks of deletions. */
export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-bench-'));
  const storage = await openSqliteStorage({
    file: join(folder, 'db'),
    clock: systemClock,
    hasWebhook: () => false,
  });
  try {
    const files = new RecordingFiles(join(folder, 'recordings'));
    const started = await recovery(storage, files);
    const pauses = await retention(storage, files);
    return [
      { name: `recovery: 50 open calls beside ${FILES} files`, value: started, unit: 'ms', budget: 1_000 },
      // On a shared machine, the longest pause says more about other processes than about the storage.
      {
        name: 'retention: pause of the thread, 99.9 of 100',
        value: pauses.percentile(99.9) / 1e6,
        unit: 'ms',
        budget: 50,
      },
      { name: 'retention: longest pause of the thread', value: pauses.max / 1e6, unit: 'ms' },
    ];
  } finally {
    await storage.close();
    rmSync(folder, { recursive: true });
  }
}

async function recovery(storage: Storage, files: RecordingFiles): Promise<number> {
  const now = systemClock.now();
  const first = await files.place('rec_old_0', now);
  for (let n = 0; n < FILES; n++) writeFileSync(files.path(first.replace('rec_old_0', `rec_old_${n}`)), '');
  for (let n = 0; n < OPEN_CALLS; n++)
    await storage.commit({
      call: aCall(storage.ids.next('call'), { status: 'in_progress', createdAt: now }),
    });
  const finisher = new ThreadFinisher({ clock: systemClock, log: silentLog });
  const calls = { call: (id: string) => storage.call(id), openCalls: () => storage.openCalls() };
  const ports = { store: storage, journal: storage, files, finisher, clock: systemClock, log: silentLog };
  const began = performance.now();
  await recoverRecordings({ ...ports, ...calls });
  const lasted = performance.now() - began;
  await finisher.close();
  return lasted;
}

async function retention(storage: Storage, files: RecordingFiles) {
  const at = systemClock.now() - 86_400_000;
  for (let n = 0; n < OLD_CALLS; n++) {
    const call = aCall(storage.ids.next('call'), { status: 'completed', createdAt: at, endedAt: at });
    const timeline = Array.from({ length: 20 }, () => ({ callId: call.id, at, kind: 'action', data: { n } }));
    const recording = aRecording(call, { status: 'completed', endedAt: at });
    await storage.commit({
      call,
      recording,
      timeline,
      events: Array.from({ length: 8 }, () => anEvent(call)),
    });
  }
  const eraser = new Eraser({ store: storage, files, clock: systemClock, log: silentLog });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await eraser.expire({ calls: 0.5, recordings: 0.5, events: 0, timelines: 0, charges: 0 });
  delay.disable();
  await eraser.close();
  return delay;
}
