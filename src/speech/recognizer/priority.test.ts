import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog, systemClock } from '../../core/index.ts';
import { createRecognizer } from '../index.ts';

/** Running child processes. */
const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

/** The priority of each thread of a process, from 19 (lowest) to -20. */
const prioritiesOf = (pid: string): number[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => {
    // Field 19 of proc(5); field 2 may contain spaces and ends with a parenthesis.
    const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1]!;
    return Number(fields.split(' ')[16]);
  });

// Recognition itself would take minutes at this priority on a busy machine. Threads inherit the priority.
it('runs all threads of the recognizer at the lowest priority', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-priority-'));
  const recognizer = createRecognizer({ model: 'tiny', folder, clock: systemClock, log: silentLog });
  const before = children();
  const abort = new AbortController();
  const transcription = recognizer.transcribe(join(folder, 'none.wav'), [], abort.signal);
  const [child] = children().filter((pid) => !before.includes(pid));
  await expect.poll(() => prioritiesOf(child!).length).toBeGreaterThan(5);
  expect(new Set(prioritiesOf(child!))).toEqual(new Set([19]));
  abort.abort(new Error('seen'));
  await expect(transcription).rejects.toThrow();
  await recognizer.close();
  rmSync(folder, { recursive: true });
});
