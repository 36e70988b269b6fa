import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLog, systemClock } from '../../core/index.ts';
import { createRecognizer, createSpeaker } from '../index.ts';
import { CORPUS, wordErrors } from '../testing/corpus.ts';
import { joined, RATE, samplesOf, silence, writeWav } from '../testing/spoken.ts';

// At the lowest priority (see priority.test.ts) these tests would get no time on a busy machine.
vi.mock('node:os', async (original) => ({ ...(await original<object>()), setPriority: () => {} }));
vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), 'minivoice-recognizer-'));
const settings = { model: 'base', folder, clock: systemClock, log: silentLog } as const;
const recognizer = createRecognizer(settings);
const speaker = createSpeaker({ cacheDir: join(folder, 'speech'), clock: systemClock, log: silentLog });
const call = join(folder, 'call.wav');
let agent: Int16Array;
let caller: Int16Array;

beforeAll(async () => {
  agent = await samplesOf(speaker, 'Please press one if you would like to hear this message again.', 'rms');
  caller = await samplesOf(speaker, 'My contract ends on the thirty first of December.', 'slt');
});
afterAll(async () => {
  await Promise.all([recognizer.close(), speaker.close()]);
  rmSync(folder, { recursive: true });
});

const seconds = (samples: Int16Array) => samples.length / RATE;

/** Running child processes. */
const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

describe('a recording of two channels', () => {
  it('is transcribed with speaker and time', async () => {
    writeWav(call, [joined([silence(1000 * seconds(agent) + 1500), caller]), joined([silence(500), agent])]);
    const { channels, utterances } = await recognizer.transcribe(call);
    expect(channels).toBe(2);
    expect(utterances.map(({ channel }) => channel)).toEqual([1, 0]);
    const [first, second] = utterances as [(typeof utterances)[0], (typeof utterances)[0]];
    expect(first.text).toMatch(/press one/i);
    expect(second.text).toMatch(/contract/i);
    expect(Math.abs(first.startMs - 500)).toBeLessThan(400);
    expect(Math.abs(second.startMs - (1000 * seconds(agent) + 1500))).toBeLessThan(400);
    expect(second.endMs).toBeLessThan(1000 * (seconds(agent) + seconds(caller)) + 2000);
  });

  it('is not transcribed in muted ranges', async () => {
    writeWav(call, [joined([silence(300), caller]), joined([silence(300), agent])]);
    const whole = { startMs: 0, endMs: 60_000 };
    expect((await recognizer.transcribe(call, [whole])).utterances).toEqual([]);
    const { utterances } = await recognizer.transcribe(call, [{ ...whole, channel: 0 }]);
    expect(utterances.map(({ channel }) => channel)).toEqual([1]);
  });

  it('without speech has no utterances', async () => {
    const noise = Int16Array.from({ length: 4 * RATE }, (_, i) => ((i * 7919) % 401) - 200);
    const tone = Int16Array.from({ length: 4 * RATE }, (_, i) => 8000 * Math.sin(i * 0.35));
    writeWav(call, [noise, tone]);
    expect((await recognizer.transcribe(call)).utterances).toEqual([]);
  });
});

describe('the recognizer process', () => {
  it('is replaced after it dies, and its file fails', async () => {
    const before = children();
    const own = createRecognizer(settings);
    writeWav(call, [joined(Array.from({ length: 20 }, () => caller))]);
    const failing = own.transcribe(call);
    failing.catch(() => {});
    await expect.poll(() => children().length).toBe(before.length + 1);
    process.kill(Number(children().find((pid) => !before.includes(pid))), 'SIGKILL');
    await expect(failing).rejects.toMatchObject({ code: 'recognition_failed' });
    writeWav(call, [caller]);
    expect((await own.transcribe(call)).utterances[0]?.text).toMatch(/contract/i);
    await own.close();
    expect(children()).toEqual(before);
  });

  it('fails a file that is not sound or does not exist', async () => {
    writeFileSync(join(folder, 'broken.wav'), 'RIFF____WAVEfmt and then nothing');
    await expect(recognizer.transcribe(join(folder, 'broken.wav'))).rejects.toMatchObject({
      code: 'recognition_failed',
    });
    await expect(recognizer.transcribe(join(folder, 'none.wav'))).rejects.toMatchObject({
      code: 'recognition_failed',
    });
  });

  it('rejects at once when the signal aborts', async () => {
    writeWav(call, [joined(Array.from({ length: 20 }, () => caller))]);
    const abort = new AbortController();
    const transcription = recognizer.transcribe(call, [], abort.signal);
    abort.abort(new Error('closing'));
    await expect(transcription).rejects.toThrow('closing');
  });
});

describe('telephone speech with digits, money, dates and names', () => {
  it('is transcribed with fewer than 15 wrong words in 100', async () => {
    const total = { errors: 0, words: 0 };
    const some = CORPUS.filter((_, at) => at % 3 === 0);
    for (const [at, { written, spoken }] of some.entries()) {
      const sound = await samplesOf(speaker, written, at % 2 === 0 ? 'rms' : 'slt');
      writeWav(call, [joined([silence(400), sound, silence(600)])]);
      const { utterances } = await recognizer.transcribe(call);
      const { errors, words } = wordErrors(spoken, utterances.map(({ text }) => text).join(' '));
      total.errors += errors;
      total.words += words;
    }
    expect(total.words).toBeGreaterThan(60);
    expect(total.errors / total.words).toBeLessThan(0.15);
  });
});
