import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { billingConformance } from '../billing.conformance.ts';
import { directoryRowsConformance } from '../directory.conformance.ts';
import { openSqliteStorage } from '../index.ts';
import { insightsConformance } from '../insights.conformance.ts';
import { sealedDigitsConformance } from '../sealed-digits.conformance.ts';
import { storageConformance } from '../storage.conformance.ts';
import { aCall } from '../testing/records.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-storage-'));
afterAll(() => rmSync(folder, { recursive: true }));
const opened = (file: string) =>
  openSqliteStorage({ file: join(folder, file), clock: new VirtualClock(), hasWebhook: () => true });

describe('SQLite as storage', () => {
  storageConformance((options) =>
    openSqliteStorage({ ...options, file: join(folder, 'conformance.sqlite') }),
  );
  sealedDigitsConformance((options) =>
    openSqliteStorage({ ...options, file: join(folder, 'sealed.sqlite') }),
  );
  directoryRowsConformance((options) =>
    openSqliteStorage({ ...options, file: join(folder, 'directory.sqlite') }),
  );
  billingConformance((options) => openSqliteStorage({ ...options, file: join(folder, 'billing.sqlite') }));
  insightsConformance((options) => openSqliteStorage({ ...options, file: join(folder, 'insights.sqlite') }));
});

/** Runs a writer, and kills it after `count` durable commits. @returns the events of each call, as the writer printed. */
async function commitsUntilKilled(file: string, count: number): Promise<Map<string, number>> {
  const script = join(import.meta.dirname, '../testing/crashing.ts');
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const committed = new Map<string, number>();
  let lines = 0;
  for await (const line of createInterface(child.stdout)) {
    const [id, events] = line.split(' ');
    // The kill may have cut the last line.
    if (id && events) committed.set(id, Number(events));
    lines += 1;
    if (lines === count) child.kill('SIGKILL');
  }
  return committed;
}

test.each([1, 300, 5000])('after kill -9 at commit %i all durable commits are complete', async (count) => {
  const committed = await commitsUntilKilled(join(folder, `crash-${count}.sqlite`), count);
  const storage = await opened(`crash-${count}.sqlite`);
  for (const [id, events] of committed) {
    const stored = (await storage.call(id))?.sipStatus as number;
    expect(stored).toBeGreaterThanOrEqual(events);
    const sequences = Array.from({ length: stored }, (_, index) => index + 1);
    const { data } = await storage.events({ callId: id }, { limit: 9 });
    expect(data.map((event) => event.sequence)).toEqual(sequences);
    expect((await storage.timeline(id, { limit: 1000 })).data.map((line) => line.data['count'])).toEqual(
      sequences,
    );
  }
  expect(committed.size).toBeGreaterThan(0);
  await storage.close();
});

test('the write-ahead log restarts under load instead of growing forever', async () => {
  const storage = await opened('load.sqlite');
  const size = () => statSync(join(folder, 'load.sqlite-wal')).size;
  // Every commit makes the log longer, unless a checkpoint has let it restart.
  for (let commits = 0, before = 0; size() > before && commits < 50_000; commits += 200) {
    before = size();
    for (let n = 0; n < 200; n += 1) await storage.commit({ call: aCall(storage.ids.next('call')) });
  }
  const reached = size();
  for (let n = 0; n < 50; n += 1) await storage.commit({ call: aCall(storage.ids.next('call')) });
  expect(size()).toBe(reached);
  await storage.close();
});

test('erased data is in no file some seconds later', async () => {
  const clock = new VirtualClock();
  const file = join(folder, 'erased.sqlite');
  const storage = await openSqliteStorage({ file, clock, hasWebhook: () => false });
  const call = aCall('call_1', { status: 'completed', variables: { name: 'quagga' } });
  const line = { callId: call.id, at: 0, kind: 'http', data: { body: 'quagga '.repeat(5000) } };
  await storage.commit({ call, timeline: [line] });
  const isIn = (path: string) => readFileSync(path, 'latin1').includes('quagga');
  expect(isIn(`${file}-wal`)).toBe(true);
  await clock.advance(10_000);
  await expect.poll(() => isIn(file)).toBe(true);
  await storage.eraseCall(call.id);
  while (await storage.continueErasing()) {}
  await clock.advance(10_000);
  await expect.poll(() => isIn(file) || isIn(`${file}-wal`)).toBe(false);
  await storage.close();
});

test('writes a single change at once, and changes that follow too soon in one transaction', async () => {
  const clock = new VirtualClock();
  const file = join(folder, 'gathering.sqlite');
  const storage = await openSqliteStorage({ file, clock, gatherMs: 3, hasWebhook: () => true });
  const done: string[] = [];
  const commit = (name: string) =>
    storage.commit({ call: aCall(storage.ids.next('call')) }).then(() => done.push(name));
  await commit('alone');
  const [second, third] = [commit('second'), commit('third')];
  await clock.advance(2);
  expect(done).toEqual(['alone']);
  await clock.advance(1);
  await Promise.all([second, third]);
  expect(done).toEqual(['alone', 'second', 'third']);
  await storage.close();
});

test('rejects a file that is not a database', async () => {
  writeFileSync(join(folder, 'text.sqlite'), 'Dear diary, today nobody called. '.repeat(100));
  await expect(opened('text.sqlite')).rejects.toThrow('not a database');
});
