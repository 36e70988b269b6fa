import { createHash } from 'node:crypto';
import type { Wire } from './rest.ts';

const HEADER = 44;
/** All parties talk without a pause; shorter files may contain only the time before that. */
const LONG_MS = 800;
const LOUD = 500;

/** @param kind the kind of the call @returns what is wrong with the file of a recording */
export function faultsOf(recording: Wire, bytes: Buffer, kind: string): string[] {
  const { sha256, size_bytes, duration_ms, format, gaps } = recording;
  const faults: string[] = [];
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (hash !== sha256 || bytes.length !== size_bytes) faults.push('the file is another one');
  if (bytes.length === 0) faults.push('the file is empty');
  if (format !== 'wav') return faults;
  if (bytes.readUInt32LE(40) !== bytes.length - HEADER) faults.push('the header is wrong');
  if (Math.floor((bytes.length - HEADER) / 32) !== duration_ms) faults.push('the length is wrong');
  const secret = silences(gaps);
  const left = heard(bytes, 0, secret);
  const right = heard(bytes, 1, secret);
  if (duration_ms > LONG_MS && left.said < 0.5) faults.push(`nobody is heard in it (${left.said})`);
  if (left.secret > 0 || right.secret > 0) faults.push('a gap says something');
  const both = kind === 'bridged' && duration_ms > LONG_MS;
  if (both && right.said < 0.3) faults.push(`the other side is not heard in it (${right.said})`);
  return faults;
}

/** Spans of the file that are silent on purpose, in ms. Skipped parts are not in the file. */
function silences(gaps: Wire[]): [number, number][] {
  return gaps
    .filter(({ cause }) => cause === 'pause')
    .map(({ start_ms, end_ms }) => {
      const before = gaps.filter((gap) => gap['cause'] === 'skip' && gap['end_ms'] <= start_ms);
      const shift = before.reduce((sum, gap) => sum + gap['end_ms'] - gap['start_ms'], 0);
      return [start_ms - shift, end_ms - shift];
    });
}

/** The loud share of a channel outside of intended silence, and the number of samples inside of it. */
function heard(wav: Buffer, channel: 0 | 1, silent: [number, number][]) {
  const counts = { said: 0, open: 0, secret: 0, closed: 0 };
  for (let at = HEADER, frame = 0; at + 4 <= wav.length; at += 4, frame++) {
    const ms = frame / 8;
    const isSecret = silent.some(([from, to]) => ms >= from && ms < to);
    const isLoud = Math.abs(wav.readInt16LE(at + 2 * channel)) > LOUD;
    counts[isSecret ? 'closed' : 'open']++;
    if (isLoud) counts[isSecret ? 'secret' : 'said']++;
  }
  // A file that is silent on purpose is correct.
  const said = counts.open === 0 ? 1 : counts.said / counts.open;
  return { said, secret: counts.secret };
}
