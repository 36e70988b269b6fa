import { createHash } from 'node:crypto';
import type { Wire } from './rest.ts';

const HEADER = 44;
/** Everybody who is here talks without a pause: shorter files may hold the time before that alone. */
const LONG_MS = 800;
const LOUD = 500;

/** What is wrong with the file of a recording. @param kind of the call. */
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

/** Stretches of the file that are silent on purpose, in ms: what was skipped is not in it. */
function silences(gaps: Wire[]): [number, number][] {
  return gaps
    .filter(({ cause }) => cause === 'pause')
    .map(({ start_ms, end_ms }) => {
      const before = gaps.filter((gap) => gap['cause'] === 'skip' && gap['end_ms'] <= start_ms);
      const shift = before.reduce((sum, gap) => sum + gap['end_ms'] - gap['start_ms'], 0);
      return [start_ms - shift, end_ms - shift];
    });
}

/** The part of a channel that is loud outside of what is silent on purpose, and how many samples are inside. */
function heard(wav: Buffer, channel: 0 | 1, silent: [number, number][]) {
  const counts = { said: 0, open: 0, secret: 0, closed: 0 };
  for (let at = HEADER, frame = 0; at + 4 <= wav.length; at += 4, frame++) {
    const ms = frame / 8;
    const isSecret = silent.some(([from, to]) => ms >= from && ms < to);
    const isLoud = Math.abs(wav.readInt16LE(at + 2 * channel)) > LOUD;
    counts[isSecret ? 'closed' : 'open']++;
    if (isLoud) counts[isSecret ? 'secret' : 'said']++;
  }
  // Where all of it is silent on purpose, all is well.
  const said = counts.open === 0 ? 1 : counts.said / counts.open;
  return { said, secret: counts.secret };
}
