import { writeFileSync } from 'node:fs';
import { wavHeader } from '../../audio/index.ts';
import type { Speaker } from '../speaker.ts';

/** The line's rate. */
export const RATE = 8000;

/** A text as 8 kHz samples, as it would be said on a call. */
export async function samplesOf(speaker: Speaker, text: string, voice: string): Promise<Int16Array> {
  const sounds: Int16Array[] = [];
  for await (const { samples } of speaker.speak(text, { voice })) sounds.push(samples);
  return joined(sounds);
}

/** Sounds one after the other. */
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
  const length = Math.max(...channels.map((channel) => channel.length));
  const data = Buffer.alloc(length * channels.length * 2);
  channels.forEach((samples, channel) => {
    samples.forEach((sample, at) => void data.writeInt16LE(sample, (at * channels.length + channel) * 2));
  });
  writeFileSync(path, Buffer.concat([wavHeader(channels.length, data.length, RATE), data]));
}
