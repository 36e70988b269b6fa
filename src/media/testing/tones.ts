import { readFile } from 'node:fs/promises';
import { toneLevel } from '../../audio/goertzel.ts';
import { readWav } from '../../audio/wav-reader.ts';
import type { Phone } from './phone.ts';

/** A tone of a phone or a clip is at about 10,000. */
const LOUD = 7_000;
const FAINT = 300;

/** Finds which of the tones are in the samples. A tone that is neither loud nor faint is an error. */
export function tonesIn(samples: Int16Array, tones: readonly number[]): number[] {
  return tones.filter((tone) => {
    const level = toneLevel(samples, tone);
    if (level > FAINT && level < LOUD) throw new Error(`${tone} Hz is at ${Math.round(level)}`);
    return level >= LOUD;
  });
}

/** Finds which of the tones a phone heard in its last frames. */
export function heardBy(phone: Phone, tones: readonly number[], frames = 10): number[] {
  return tonesIn(phone.sound(phone.heard.length - frames), tones);
}

/** Finds which of the tones are in the left and the right channel of a recording, between two frames. */
export async function recordedIn(path: string, tones: readonly number[], from = 0, to?: number) {
  const { channels } = readWav(await readFile(path));
  const [left, right] = channels.map((samples) =>
    tonesIn(samples.subarray(from * 160, to && to * 160), tones),
  );
  return { left, right };
}
