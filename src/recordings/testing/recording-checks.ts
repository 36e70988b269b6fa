import { createHash } from 'node:crypto';
import { skippedMs } from '../record.ts';
import type { RecordingRecord } from '../store.ts';

/** Compares the row of a recording with its event and its file. @returns the differences. */
export function differences(row: RecordingRecord, reported: Record<string, unknown>, file: Buffer): string[] {
  const facts: Record<string, [unknown, unknown]> = {
    size: [reported['size_bytes'], file.length],
    header: [file.readUInt32LE(40), file.length - 44],
    duration: [reported['duration_ms'], Math.floor((file.length - 44) / 4 / 8)],
    sha256: [reported['sha256'], createHash('sha256').update(file).digest('hex')],
    ended_by: [reported['ended_by'], row.endedBy],
  };
  // On a full disk the header cannot be rewritten; players read such a file to its end.
  if (row.status === 'failed') delete facts['header'];
  const faults = Object.entries(facts)
    .filter(([, [stated, actual]]) => stated !== actual)
    .map(([what, [stated, actual]]) => `${row.id}: ${what} is ${actual}, but ${stated} was reported`);
  return [...faults, ...wrongSound(row, file)];
}

/** Checks the sound of a file. The caller always speaks, so the file is silent exactly in the reported pauses. */
function wrongSound(
  { id, gaps, durationMs, startedAt, endedAt, endedBy }: RecordingRecord,
  file: Buffer,
): string[] {
  const faults: string[] = [];
  let elapsedMs = 0;
  const skips = gaps.filter(({ cause }) => cause === 'skip');
  for (let frame = 0; frame < Math.floor(durationMs / 20); frame++, elapsedMs += 20) {
    for (let skip = skips[0]; skip && skip.startMs <= elapsedMs; skip = skips[0]) {
      elapsedMs += skip.endMs - skip.startMs;
      skips.shift();
    }
    const isPaused = gaps.some(
      ({ cause, startMs, endMs }) => cause === 'pause' && startMs <= elapsedMs && elapsedMs < endMs,
    );
    if (isPaused === isLoud(file, frame))
      faults.push(`${id}: ${isPaused ? 'sound in' : 'silence outside'} a pause at ${elapsedMs} ms`);
  }
  const skipped = skippedMs(gaps);
  const passedMs = (endedAt ?? 0) - startedAt;
  // At most two beats pass between the last frame and its report, unless the disk is slow.
  const late = passedMs - durationMs - skipped;
  if (endedBy !== 'write_error' && (late < -20 || late > 60))
    faults.push(`${id}: lasted ${passedMs} ms, but reports ${durationMs} ms and ${skipped} ms skipped`);
  return faults.slice(0, 3);
}

/** Reports whether a frame of 20 ms is loud on the left channel of a file with two. */
function isLoud(file: Buffer, frame: number): boolean {
  for (let sample = 0; sample < 160; sample++)
    if (Math.abs(file.readInt16LE(44 + (frame * 160 + sample) * 4)) > 1000) return true;
  return false;
}
