import { writeFileSync } from 'node:fs';
import { wavFile } from '../../audio/index.ts';
import type { Speaker } from '../speaker.ts';

/** Sample rate of calls. */
export const RATE = 8000;

/** Speaks a text as 8 kHz samples. */
export async function samplesOf(speaker: Speaker, text: string, voice: string): Promise<Int16Array> {
  const sounds: Int16Array[] = [];
  for await (const { samples } of speaker.speak(text, { voice })) sounds.push(samples);
  return joined(sounds);
}

/** Concatenates sounds. */
export function joined(sounds: Int16Array[]): Int16Array {
  const all = new Int16Array(sounds.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sound of sounds) {
    all.set(sound, at);
    at += sound.length;
  }
  return all;
}

export const silence = (ms: number): Int16Array => new Int16Array((ms * RATE) / 1000);

/** Writes a WAV file of 16-bit samples; shorter channels end in silence. */
export function writeWav(path: string, channels: Int16Array[]): void {
  writeFileSync(path, wavFile(channels, RATE));
}
