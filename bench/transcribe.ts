/** Accuracy and speed of the embedded recognizer, with synthesized telephone audio. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '../src/core/index.ts';
import { createRecognizer, createSpeaker, type Recognizer, type Speaker } from '../src/speech/index.ts';
import { CORPUS, wordErrors } from '../src/speech/testing/corpus.ts';
import { joined, RATE, samplesOf, silence, writeWav } from '../src/speech/testing/spoken.ts';
import type { Row } from './row.ts';

const VOICES = ['rms', 'slt'] as const;

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-bench-'));
  const speaker = createSpeaker({ cacheDir: join(folder, 'speech'), log: silentLog, clock: systemClock });
  const rows: Row[] = [];
  try {
    for (const model of ['base', 'tiny'] as const) {
      const recognizer = createRecognizer({ model, folder, clock: systemClock, log: silentLog });
      rows.push(...(await measured(recognizer, speaker, folder, model)));
      await recognizer.close();
    }
  } finally {
    await speaker.close();
    rmSync(folder, { recursive: true });
  }
  return rows;
}

async function measured(
  recognizer: Recognizer,
  speaker: Speaker,
  folder: string,
  model: string,
): Promise<Row[]> {
  const name = (what: string) => `transcription, ${model}: ${what}`;
  const goal = <T extends object>(bounds: T) => (model === 'base' ? bounds : {});
  const path = join(folder, 'call.wav');
  const total = { errors: 0, words: 0, seconds: 0, cpu: 0 };
  const rows: Row[] = [];
  for (const voice of VOICES) {
    const own = { errors: 0, words: 0 };
    // The first file pays for the loading of the model.
    writeWav(path, [silence(1000)]);
    await recognizer.transcribe(path);
    for (const { written, spoken } of CORPUS) {
      const sound = joined([silence(500), await samplesOf(speaker, written, voice), silence(700)]);
      writeWav(path, [sound]);
      const before = cpuSeconds();
      const { utterances } = await recognizer.transcribe(path);
      total.cpu += cpuSeconds() - before;
      total.seconds += sound.length / RATE;
      const heard = utterances.map(({ text }) => text).join(' ');
      const { errors, words } = wordErrors(spoken, heard);
      if (process.env['SHOW'] && errors > 0) console.error(`${voice} ${errors}: ${spoken}\n      ${heard}`);
      own.errors += errors;
      own.words += words;
    }
    rows.push({
      name: name(`word errors, voice ${voice}`),
      value: (100 * own.errors) / own.words,
      unit: '%',
    });
    total.errors += own.errors;
    total.words += own.words;
  }
  const megabytes = Number(/VmHWM:\s+(\d+)/.exec(statusOfChild())?.[1] ?? 0) / 1024;
  return [
    ...rows,
    {
      name: name('word errors'),
      value: (100 * total.errors) / total.words,
      unit: '%',
      ...goal({ budget: 8 }),
    },
    {
      name: name('sound per second of one core'),
      value: total.seconds / total.cpu,
      unit: '× real time',
      ...goal({ budget: 8, better: 'higher' }),
    },
    { name: name('most memory'), value: megabytes, unit: 'MB', ...goal({ budget: 500 }) },
  ];
}

/** The only process that this one has started. */
function child(): string {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return `/proc/${children.at(-1)}`;
}

const statusOfChild = (): string => readFileSync(`${child()}/status`, 'utf8');

/** proc(5): user and system time are fields 14 and 15, in hundredths of a second. */
function cpuSeconds(): number {
  const fields = readFileSync(`${child()}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
