import { readFileSync } from 'node:fs';
import { readWav, toneLevel, wavHeader } from '../../src/audio/index.ts';

/** A span of time in a file, in milliseconds from its start. */
export interface Stretch {
  from: number;
  to: number;
}

/** The audio of a WAV file, analyzed window by window. */
export class RecordedAudio {
  readonly durationMs: number;
  readonly samples: number;
  readonly channels: Int16Array[];
  #rate: number;

  constructor(file: string | Buffer) {
    const wav = readWav(typeof file === 'string' ? readFileSync(file) : file);
    this.channels = wav.channels;
    this.#rate = wav.sampleRate;
    this.samples = this.channels[0]?.length ?? 0;
    this.durationMs = (this.samples * 1000) / this.#rate;
  }

  /** Spans with a tone on a channel (0: left), to 20 ms. Gaps shorter than `bridgeMs` are ignored. */
  heard(channel: number, hz: number, bridgeMs = 0): Stretch[] {
    const stretches: Stretch[] = [];
    for (const [from, level] of this.#windows(channel, (window) => toneLevel(window, hz, this.#rate))) {
      if (level < AUDIBLE) continue;
      const last = stretches.at(-1);
      if (last && from - last.to <= bridgeMs) last.to = from + WINDOW_MS;
      else stretches.push({ from, to: from + WINDOW_MS });
    }
    return stretches;
  }

  /** Milliseconds in which a tone is present. */
  heardMs(channel: number, hz: number): number {
    return this.heard(channel, hz).reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Milliseconds with any sound, such as speech. */
  loudMs(channel: number): number {
    const loud = [...this.#windows(channel, level)].filter(([, level]) => level > AUDIBLE / 2);
    return loud.length * WINDOW_MS;
  }

  /** First and last sample that are not silent; undefined if all are. */
  span(channel: number): { first: number; last: number } | undefined {
    const samples = this.channels[channel]!;
    const first = samples.findIndex((sample) => Math.abs(sample) > QUIET);
    return first < 0 ? undefined : { first, last: samples.findLastIndex((s) => Math.abs(s) > QUIET) };
  }

  *#windows(channel: number, measure: (window: Int16Array) => number): Generator<[number, number]> {
    const samples = this.channels[channel]!;
    const length = (this.#rate * WINDOW_MS) / 1000;
    for (let at = 0; at + length <= samples.length; at += length) {
      yield [(at * 1000) / this.#rate, measure(samples.subarray(at, at + length))];
    }
  }
}

/** A WAV file of one tone, 8 kHz mono. */
export function toneFile(hz: number, ms: number, amplitude = 8000): Buffer {
  const samples = Int16Array.from({ length: ms * 8 }, (_, i) => {
    return Math.round(amplitude * Math.cos((2 * Math.PI * hz * i) / 8000));
  });
  return Buffer.concat([wavHeader(1, samples.byteLength), Buffer.from(samples.buffer)]);
}

const WINDOW_MS = 20;
/** Minimum amplitude. A tone of the tests has 8,000: half a window of it counts, and an echo of it does not. */
const AUDIBLE = 2000;
/** The smallest steps of G.711 around zero. */
const QUIET = 16;

const level = (window: Int16Array) =>
  Math.sqrt(window.reduce((sum, sample) => sum + sample * sample, 0) / window.length);
