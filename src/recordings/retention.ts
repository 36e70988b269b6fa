import { type Clock, explain, Failure, type Log } from '../kit/index.ts';
import type { RecordingFiles } from './files.ts';
import type { RecordingRecord, RecordingStore } from './store.ts';

export interface RetentionPorts {
  store: RecordingStore;
  files: RecordingFiles;
  clock: Clock;
  log: Log;
}

const DAY_MS = 86_400_000;

/** Deletes a recording and its file for good. Rejects with `recording_not_ready` while it runs. */
export async function deleteRecording(
  recording: RecordingRecord,
  { store, files }: Pick<RetentionPorts, 'store' | 'files'>,
): Promise<void> {
  if (recording.status === 'started') {
    throw new Failure('recording_not_ready', 'the recording is still running');
  }
  // The file goes first: a crash between the two leaves a row that says where it was, not sound that nobody finds.
  if (recording.file) await files.remove(recording.file);
  await store.deleteRecording(recording.id);
}

/** Deletes what ended more than `days` ago. @returns how many recordings that were. */
export async function deleteExpired(days: number, ports: RetentionPorts): Promise<number> {
  const limit = ports.clock.now() - days * DAY_MS;
  const expired: RecordingRecord[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ports.store.recordings({}, { limit: 200, cursor });
    expired.push(
      ...page.data.filter((one) => one.status !== 'started' && (one.endedAt ?? one.createdAt) < limit),
    );
    if (!page.nextCursor) break;
    cursor = page.nextCursor;
  }
  for (const recording of expired) await deleteRecording(recording, ports);
  return expired.length;
}

/**
 * Deletes what is older than `days` now and once a day; with 0 days nothing is ever deleted.
 * @returns a function that ends it.
 */
export function keepForDays(days: number, ports: RetentionPorts): () => void {
  if (days === 0) return () => {};
  let stopped = false;
  let timer = ports.clock.after(0, run);
  async function run(): Promise<void> {
    try {
      const deleted = await deleteExpired(days, ports);
      if (deleted > 0) ports.log.info({ deleted, days }, 'old recordings were deleted');
    } catch (error) {
      ports.log.error({ error: explain(error) }, 'old recordings could not be deleted');
    }
    if (!stopped) timer = ports.clock.after(DAY_MS, run);
  }
  return () => {
    stopped = true;
    timer.cancel();
  };
}
