import type { Sound } from '../sound.ts';
import { clips, tone } from './harness.ts';

/** How the calls of `manyOutcomes` are settled when their sound ends, whatever ends it. */
export const ENDED = { audio_closed: 50, dropped: 50, stopped: 50 };

/** Makes many calls at once. @returns how often each outcome occurred when all are settled. */
export async function manyOutcomes(sound: Sound, end: () => unknown): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (outcome: string) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };
  const stream = sound.stream();
  stream.play(new Uint8Array(80_000));
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < 50; i++) {
    pending.push(sound.sendDigits('123').catch(({ code }) => count(code)));
    pending.push(stream.drained().then(count));
    pending.push(sound.play(clips(tone(500, 10_000))).then(count));
  }
  await end();
  await Promise.all(pending);
  return counts;
}
