import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CallRecord } from '../calls/index.ts';
import type { RecordingFiles } from './files.ts';
import { blank } from './recording.ts';
import type { RecordingRecord } from './store.ts';
import { readWavHeader } from './wav-file.ts';

/** What a file that a crash has left says of its recording; undefined when there is no sound in it. */
export async function foundRecording(
  name: string,
  call: CallRecord,
  files: RecordingFiles,
): Promise<RecordingRecord | undefined> {
  const file = await open(files.path(name), 'r');
  try {
    const header = await readWavHeader(file);
    const { size, birthtimeMs } = await file.stat();
    if (!header || size < header.dataOffset + header.frameBytes) return undefined;
    const channels = header.channels === 1 ? 1 : 2;
    const startedAt = Math.round(birthtimeMs);
    return { ...blank(basename(name, '.wav'), { format: 'wav', channels }, call, startedAt), file: name };
  } finally {
    await file.close();
  }
}
