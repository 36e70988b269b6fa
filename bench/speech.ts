import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '../src/core/index.ts';
import { createSpeaker } from '../src/speech/index.ts';
import type { Row } from './row.ts';

const SHORT = [
  'Thank you for calling.',
  'Please hold the line.',
  'Press one for sales.',
  'One moment, please.',
];
const LONG =
  'Your call is important to us. All of our lines are busy at the moment. Your balance is $12.50 as of today. ' +
  'Please stay on the line, or press star to leave a message after the tone.';

/** Measures speech synthesis: the time to the first audio, and the CPU cost. */
export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-bench-'));
  const speaker = createSpeaker({ cacheDir: folder, log: silentLog, clock: systemClock });
  try {
    const loading = performance.now();
    await speaker.warm();
    const loaded = performance.now() - loading;
    await speak('Hello.');
    const fresh: number[] = [];
    for (const text of SHORT) fresh.push((await speak(text)).firstMs);
    const kept: number[] = [];
    for (const text of SHORT) kept.push((await speak(text)).firstMs);
    const long = await speak(LONG);
    return [
      { name: 'speech: voices loaded', value: loaded, unit: 'ms' },
      { name: 'speech: first sound of a new sentence', value: median(fresh), unit: 'ms', budget: 100 },
      { name: 'speech: first sound of a known sentence', value: median(kept), unit: 'ms', budget: 5 },
      {
        name: 'speech: work per second of sound',
        value: long.totalMs / long.seconds,
        unit: 'ms',
        budget: 60,
      },
    ];
  } finally {
    await speaker.close();
    rmSync(folder, { recursive: true });
  }

  async function speak(text: string) {
    const start = performance.now();
    let firstMs: number | undefined;
    let samples = 0;
    for await (const sound of speaker.speak(text, {})) {
      firstMs ??= performance.now() - start;
      samples += sound.samples.length;
    }
    return { firstMs: firstMs ?? 0, totalMs: performance.now() - start, seconds: samples / 8000 };
  }
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
