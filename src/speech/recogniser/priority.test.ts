import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog, systemClock } from '../../core/index.ts';
import { createRecogniser } from '../index.ts';

/** The processes that this one has started and that still run. */
const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

/** The priority of each of its threads, from 19, the lowest, to -20. */
const prioritiesOf = (pid: string): number[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => {
    // proc(5): the 19th field; the second may hold spaces and ends with a bracket.
    const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1]!;
    return Number(fields.split(' ')[16]);
  });

// Nothing is recognised here: at this priority that takes minutes on a busy machine. Later threads inherit it.
it('runs the recogniser at the lowest priority in all of its threads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-priority-'));
  const recogniser = createRecogniser({ model: 'tiny', folder, clock: systemClock, log: silentLog });
  const before = children();
  const leaving = new AbortController();
  const transcription = recogniser.transcribe(join(folder, 'none.wav'), [], leaving.signal);
  const [child] = children().filter((pid) => !before.includes(pid));
  await expect.poll(() => prioritiesOf(child!).length).toBeGreaterThan(5);
  expect(new Set(prioritiesOf(child!))).toEqual(new Set([19]));
  leaving.abort(new Error('seen'));
  await expect(transcription).rejects.toThrow();
  await recogniser.close();
  rmSync(folder, { recursive: true });
});
