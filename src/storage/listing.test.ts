import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Page, PageRequest } from '../calls/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { openSqliteStorage, type Storage } from './index.ts';
import { PAGE_BYTES, SCAN_TURNS, SCANNED_ROWS } from './listing.ts';
import { aCall, anAttempt, anEvent } from './testing/records.ts';

let storage: Storage;
beforeEach(async () => {
  storage = await openSqliteStorage({ file: ':memory:', clock: new VirtualClock(), hasWebhook: () => true });
});
afterEach(() => storage.close());

const START = 1_780_056_000_000;
const callId = (n: number) => `call_${String(n).padStart(6, '0')}`;
const large = {
  variables: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, 'x'.repeat(4096)])),
};

/** Reads all pages of a list. */
async function pages<T>(read: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[][]> {
  const all: T[][] = [];
  let cursor: string | undefined;
  for (let n = 0; n < 1000; n++) {
    const { data, nextCursor } = await read({ limit, cursor });
    all.push(data);
    if (nextCursor === null) return all;
    cursor = nextCursor;
  }
  throw new Error('the list does not end');
}

const bytesOf = (rows: unknown[]) => JSON.stringify(rows).length;

describe('a page of large rows', () => {
  it('ends at a mebibyte, and the next pages return the rest, each row once and in order', async () => {
    for (let n = 0; n < 12; n++)
      await storage.commit({ call: aCall(callId(n), { ...large, createdAt: START + n }) });
    const read = await pages((page) => storage.calls({ applicationId: 'app_1' }, page), 200);
    expect(read.flat().map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, n) => callId(11 - n)));
    expect(read.length).toBeGreaterThan(4);
    for (const page of read) expect(bytesOf(page)).toBeLessThan(PAGE_BYTES + 20_000);
  });

  it('contains at least one row, however large', async () => {
    const huge = { text: 'x'.repeat(3 * PAGE_BYTES) };
    const timeline = [1, 2, 3].map((at) => ({ callId: callId(1), at, kind: 'request', data: huge }));
    await storage.commit({ call: aCall(callId(1)), timeline });
    const read = await pages((page) => storage.timeline(callId(1), page), 1000);
    expect(read.map((page) => page.map(({ at }) => at))).toEqual([[1], [2], [3]]);
  });

  it('ends at a mebibyte for events and attempts too', async () => {
    const call = aCall(callId(1), large);
    await storage.commit({ call, events: Array.from({ length: 6 }, () => anEvent(call)) });
    const [first] = (await storage.events({ callId: call.id }, { limit: 1 })).data;
    for (let n = 100; n < 500; n++)
      await storage.saveAttempt(anAttempt(`dlv_${n}`, first!.id, { answer: 'x'.repeat(4096) }), first!);
    const events = await pages((page) => storage.events({ callId: call.id }, page), 200);
    expect(events.flat().map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.length).toBeGreaterThan(2);
    const newest = await pages((page) => storage.events({ applicationId: 'app_1' }, page), 200);
    expect(newest.flat()).toHaveLength(6);
    const attempts = await pages((page) => storage.attempts(first!.id, page), 1000);
    expect(attempts.flat().map(({ id }) => id)).toEqual(
      Array.from({ length: 400 }, (_, n) => `dlv_${100 + n}`),
    );
    for (const page of [...events, ...attempts]) expect(bytesOf(page)).toBeLessThan(1.3 * PAGE_BYTES);
  });
});

describe('a filter without an index', () => {
  it('examines a bounded number of rows per page, and finds every row in the end', async () => {
    const examined = SCANNED_ROWS * SCAN_TURNS;
    const rare = new Set([3, examined + 5, examined + 6]);
    const commits = Array.from({ length: 2 * examined + 10 }, (_, n) =>
      storage.commit({
        call: aCall(callId(n), { createdAt: START + n, direction: rare.has(n) ? 'outbound' : 'inbound' }),
      }),
    );
    await Promise.all(commits);
    const read = await pages(
      (page) => storage.calls({ applicationId: 'app_1', direction: 'outbound' }, page),
      50,
    );
    expect(read.flat().map(({ id }) => id)).toEqual([...rare].toReversed().map(callId));
    expect(read).toHaveLength(3);
    const one = await pages((page) => storage.calls({ direction: 'outbound' }, page), 1);
    expect(one.flat()).toHaveLength(3);
  });

  it('finds the same rows as a full scan, in any combination', async () => {
    const [apps, statuses, froms] = [
      ['app_1', 'app_2'],
      ['dialing', 'completed'] as const,
      ['+1555', '+1556'],
    ];
    const calls = Array.from({ length: 60 }, (_, n) =>
      aCall(callId(n), {
        applicationId: apps[n % 2]!,
        status: statuses[Math.floor(n / 2) % 2]!,
        from: froms[Math.floor(n / 3) % 2]!,
        direction: n % 5 === 0 ? 'outbound' : 'inbound',
        createdAt: START + Math.floor(n / 4),
      }),
    );
    await Promise.all(calls.map((call) => storage.commit({ call })));
    for (let bits = 0; bits < 32; bits++) {
      const filter = {
        ...(bits & 1 ? { applicationId: 'app_2' } : {}),
        ...(bits & 2 ? { status: 'completed' as const } : {}),
        ...(bits & 4 ? { from: '+1556' } : {}),
        ...(bits & 8 ? { direction: 'inbound' as const } : {}),
        ...(bits & 16 ? { to: '+15550100000' } : {}),
      };
      const wanted = calls
        .filter((call) => Object.entries(filter).every(([name, value]) => call[name as 'from'] === value))
        .map(({ id }) => id);
      const read = (await pages((page) => storage.calls(filter, page), 7)).flat().map(({ id }) => id);
      expect(read).toEqual(wanted.toReversed());
    }
  });
});

it('stores no copy of the metadata with each event', async () => {
  const call = aCall(callId(1), { metadata: { note: 'x'.repeat(10_000) } });
  await storage.commit({ call, events: [anEvent(call), anEvent(call)] });
  const { data } = await storage.events({ callId: call.id }, { limit: 10 });
  expect(data.map((event) => 'metadata' in event.call)).toEqual([false, false]);
  expect((await storage.call(call.id))?.metadata).toEqual(call.metadata);
});

it('reads pending events up to a number of bytes, and reports that others follow', async () => {
  const calls = Array.from({ length: 20 }, (_, n) => aCall(callId(n), large));
  for (const call of calls) await storage.commit({ call, events: [anEvent(call)] });
  const some = await storage.pendingEvents(1000, 3 * PAGE_BYTES);
  expect(some.more).toBe(true);
  expect(some.events.length).toBeGreaterThan(4);
  expect(bytesOf(some.events)).toBeLessThan(4 * PAGE_BYTES);
  const all = await storage.pendingEvents(1000, 100 * PAGE_BYTES);
  expect(all).toMatchObject({ more: false });
  expect(all.events.map((event) => event.callId)).toEqual(calls.map(({ id }) => id));
  expect((await storage.pendingEvents(5, 100 * PAGE_BYTES)).events).toHaveLength(5);
});

it('sums the usage of more calls than are read in one turn', async () => {
  const calls = Array.from({ length: 10_001 }, (_, n) =>
    aCall(callId(n), {
      createdAt: START + Math.floor(n / 3),
      answeredAt: START,
      endedAt: START + 2_000,
      costAmount: 5,
    }),
  );
  await Promise.all(calls.map((call) => storage.commit({ call })));
  const usage = (from: number, to: number) => storage.usage({ applicationId: 'app_1', from, to });
  const all = { calls: 10_001, billsecSeconds: 20_002, cost: 50_005 };
  expect(await usage(START, START + 1e6)).toEqual(all);
  expect(await usage(START + 1, START + 1e6)).toMatchObject({ calls: 9_998 });
  expect(await usage(START, START + 10)).toMatchObject({ calls: 30 });
  expect(await usage(START + 1e6, START + 2e6)).toEqual({ calls: 0, billsecSeconds: 0, cost: 0 });
});
