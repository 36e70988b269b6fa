import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord, Page, PageRequest } from '../calls/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { EventRecord } from '../webhooks/index.ts';
import type { Storage, StorageOptions } from './storage.ts';
import { aCall, anAttempt, anEvent, aRecording } from './testing/records.ts';

/**
 * Tests that every `Storage` must pass.
 * @param open opens the same database each time; the suite closes what it opens.
 */
export function storageConformance(open: (options: StorageOptions) => Promise<Storage>): void {
  let storage: Storage;
  const clock = new VirtualClock();
  const options = { clock, hasWebhook: (id: string) => id !== 'app_without_webhook' };
  const reopen = async () => {
    await storage.close();
    storage = await open(options);
  };
  beforeAll(async () => {
    storage = await open(options);
  });
  afterAll(() => storage.close());

  /** Returns a call of a new application, so that each test sees only its own rows. */
  const newCall = (changes: Partial<CallRecord> = {}) =>
    aCall(storage.ids.next('call'), { applicationId: storage.ids.next('app'), ...changes });
  const eventsOf = async (call: CallRecord) =>
    (await storage.events({ callId: call.id }, { limit: 200 })).data;

  describe('a commit', () => {
    test('stores every field of a call, and a later commit replaces them', async () => {
      const call = newCall();
      await storage.commit({ call });
      expect(await storage.call(call.id)).toEqual(call);
      const error = { code: 'answer_url_error', message: 'invalid action payload', details: [] };
      const ended = {
        ...call,
        status: 'failed' as const,
        endedAt: 9,
        endedBy: 'system',
        sipStatus: 486,
        error,
      };
      await storage.commit({ call: ended });
      expect(await storage.call(call.id)).toEqual(ended);
    });

    test('stores every field of a recording', async () => {
      const call = newCall();
      const recording = aRecording(call);
      await storage.commit({ call, recording });
      expect(await storage.recording(recording.id)).toEqual(recording);
      const error = { code: 'disk_full', message: 'the disk is full' };
      const failed = {
        ...recording,
        status: 'failed' as const,
        recovered: true,
        sha256: 'ab',
        gaps: [],
        error,
      };
      await storage.commit({ recording: failed });
      expect(await storage.recording(recording.id)).toEqual(failed);
    });

    test('stores timeline entries in the order of the commits', async () => {
      const call = newCall();
      const line = (at: number, n: number) => ({ callId: call.id, at, kind: 'action', data: { n } });
      await storage.commit({ call, timeline: [line(7, 1), line(5, 2)] });
      await storage.commit({ timeline: [line(5, 3)] });
      const { data } = await storage.timeline(call.id, { limit: 100 });
      expect(data).toEqual([line(7, 1), line(5, 2), line(5, 3)]);
    });

    test('is all or nothing, and a failing commit does not affect others', async () => {
      const [before, bad, after] = [newCall(), newCall(), newCall()];
      const orphan = anEvent(newCall());
      const line = { callId: bad.id, at: 1, kind: 'leg', data: {} };
      const results = await Promise.allSettled([
        storage.commit({ call: before, events: [anEvent(before)] }),
        storage.commit({ call: bad, events: [anEvent(bad), orphan], timeline: [line] }),
        storage.commit({ call: after, events: [anEvent(after)] }),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await storage.call(bad.id)).toBeUndefined();
      expect(await eventsOf(bad)).toEqual([]);
      expect((await storage.timeline(bad.id, { limit: 100 })).data).toEqual([]);
      expect(await eventsOf(before)).toHaveLength(1);
      expect(await eventsOf(after)).toHaveLength(1);
    });

    test('writes the change as it is at that moment, even if its objects change later', async () => {
      const call = newCall({ variables: { mood: 'calm' } });
      const committed = storage.commit({ call, events: [anEvent(call)] });
      call.variables['mood'] = 'cross';
      call.status = 'failed';
      await committed;
      expect((await storage.call(call.id))?.variables).toEqual({ mood: 'calm' });
      expect((await eventsOf(call))[0]?.call).toMatchObject({
        status: 'dialing',
        variables: { mood: 'calm' },
      });
    });

    test('takes effect in the order of the calls', async () => {
      const call = newCall();
      const reasons = Array.from({ length: 250 }, (_, n) => `reason ${n}`);
      await Promise.all(reasons.map((reason) => storage.commit({ call: { ...call, reason } })));
      expect((await storage.call(call.id))?.reason).toBe('reason 249');
    });
  });

  describe('events', () => {
    test('are numbered without a gap within their call, however many commits run at once', async () => {
      const calls = [newCall(), newCall(), newCall()];
      await Promise.all(
        calls.map((call) => storage.commit({ call, events: [anEvent(call, 'call.created')] })),
      );
      const rounds = Array.from({ length: 40 }, () => calls).flat();
      const bad = anEvent(newCall());
      await Promise.allSettled(
        rounds.map((call, n) => storage.commit({ events: n % 7 ? [anEvent(call)] : [anEvent(call), bad] })),
      );
      for (const call of calls) {
        const numbers = (await eventsOf(call)).map((event) => event.sequence);
        expect(numbers.length).toBeGreaterThan(20);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }
    });

    test('have keys that distinguish several events of a kind', async () => {
      const call = newCall();
      const kinds = ['call.created', 'call.gathered', 'call.gathered', 'recording.started', 'call.gathered'];
      await storage.commit({ call, events: kinds.slice(0, 3).map((kind) => anEvent(call, kind)) });
      await storage.commit({ events: kinds.slice(3).map((kind) => anEvent(call, kind)) });
      const keys = ['created', 'gathered', 'gathered:2'].map((name) => `${call.id}:call.${name}`);
      const more = [`${call.id}:recording.started`, `${call.id}:call.gathered:3`];
      expect((await eventsOf(call)).map((event) => event.eventKey)).toEqual([...keys, ...more]);
    });

    test('are emitted when they are durable, in order, as they can be read', async () => {
      const emitted: EventRecord[] = [];
      const stop = storage.onCommitted.on((events) => emitted.push(...events));
      const call = newCall();
      await storage.commit({ call, events: [anEvent(call, 'call.created', { a: 1 }), anEvent(call)] });
      await Promise.all([
        storage.commit({ events: [anEvent(call)] }),
        storage.commit({ events: [anEvent(call)] }),
      ]);
      stop();
      expect(emitted.map((event) => event.sequence)).toEqual([1, 2, 3, 4]);
      expect(emitted).toEqual(await eventsOf(call));
      expect(emitted[0]).toMatchObject({
        state: 'pending',
        attempts: 0,
        nextAttemptAt: call.createdAt,
        data: { a: 1 },
      });
    });

    test('of an application without a webhook_url are unsent', async () => {
      const call = newCall({ applicationId: 'app_without_webhook' });
      await storage.commit({ call, events: [anEvent(call)] });
      expect((await eventsOf(call))[0]).toMatchObject({ state: 'unsent', nextAttemptAt: null });
    });

    test('are pending until an attempt changes their state, and keep their attempts', async () => {
      const call = newCall();
      await storage.commit({ call, events: [anEvent(call), anEvent(call), anEvent(call)] });
      const [first, second] = (await eventsOf(call)) as [EventRecord, EventRecord];
      const refused = anAttempt(storage.ids.next('dlv'), first.id, {
        status: null,
        error: 'timeout',
        answer: '',
      });
      await storage.saveAttempt(refused, { ...first, attempts: 1, nextAttemptAt: 77 });
      const accepted = anAttempt(storage.ids.next('dlv'), first.id, { attempt: 2 });
      await storage.saveAttempt(accepted, { ...first, state: 'delivered', attempts: 2, nextAttemptAt: null });
      await storage.saveEventState({ ...second, attempts: 2, nextAttemptAt: 99 });

      expect((await storage.attempts(first.id, { limit: 100 })).data).toEqual([refused, accepted]);
      expect(await storage.event(first.id)).toMatchObject({ state: 'delivered', attempts: 2 });
      const { events } = await storage.pendingEvents(1000, 1e9);
      const pending = events.filter((event) => event.callId === call.id);
      expect(pending.map((event) => [event.sequence, event.attempts, event.nextAttemptAt])).toEqual([
        [2, 2, 99],
        [3, 0, call.createdAt],
      ]);
    });
  });

  describe('lists', () => {
    async function readAll<T>(read: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
      const all: T[] = [];
      let cursor: string | undefined;
      do {
        const page = await read({ limit, cursor });
        expect(page.data.length).toBeLessThanOrEqual(limit);
        all.push(...page.data);
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      return all;
    }

    async function commitCalls(count: number): Promise<CallRecord[]> {
      const applicationId = storage.ids.next('app');
      const calls = Array.from({ length: count }, (_, n) =>
        newCall({ applicationId, createdAt: 1000 + Math.floor(n / 3), from: `+1555010000${n % 2}` }),
      );
      await Promise.all(
        calls.map((call) => storage.commit({ call, recording: aRecording(call), events: [anEvent(call)] })),
      );
      return calls;
    }

    test.each([1, 3, 10, 11, 50])(
      'return every row once, newest first, with %i rows per page',
      async (limit) => {
        const calls = await commitCalls(11);
        const { applicationId } = calls[0] as CallRecord;
        const newest = calls.map((call) => call.id).reverse();
        const found = await readAll((page) => storage.calls({ applicationId }, page), limit);
        expect(found.map((call) => call.id)).toEqual(newest);
        const recordings = await readAll((page) => storage.recordings({ applicationId }, page), limit);
        expect(recordings.map((recording) => recording.callId)).toEqual(newest);
        const events = await readAll((page) => storage.events({ applicationId }, page), limit);
        expect(events.map((event) => event.callId)).toEqual(newest);
      },
    );

    test("return a call's events in the order of their sequence", async () => {
      const call = newCall();
      await storage.commit({ call, events: Array.from({ length: 5 }, () => anEvent(call)) });
      const found = await readAll((page) => storage.events({ callId: call.id }, page), 2);
      expect(found.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5]);
    });

    test('return only rows that match the filter', async () => {
      const calls = await commitCalls(6);
      const { applicationId } = calls[0] as CallRecord;
      const [first, second] = calls as [CallRecord, CallRecord];
      await storage.commit({ call: { ...first, status: 'completed' } });
      await storage.commit({ recording: aRecording(second, { status: 'completed' }) });
      const count = async (filter: object) =>
        (await storage.calls({ applicationId, ...filter }, { limit: 9 })).data.length;
      expect(await count({ status: 'completed' })).toBe(1);
      expect(await count({ direction: 'outbound' })).toBe(0);
      expect(await count({ from: '+15550100001' })).toBe(3);
      expect(await count({ to: '+15550100000' })).toBe(6);
      expect(await count({ createdAfter: 1001 })).toBe(3);
      expect(await count({ createdBefore: 1001 })).toBe(3);
      const recordings = await storage.recordings({ applicationId, status: 'completed' }, { limit: 9 });
      expect(recordings.data.map((recording) => recording.callId)).toEqual([second.id]);
      expect((await storage.recordings({ callId: first.id }, { limit: 9 })).data).toHaveLength(1);
      expect((await storage.events({ applicationId, event: 'call.failed' }, { limit: 9 })).data).toEqual([]);
      expect((await storage.events({ applicationId, state: 'pending' }, { limit: 9 })).data).toHaveLength(6);
    });

    test('reject a cursor of another list', async () => {
      for (const cursor of ['nonsense', 'WzFd', 'bnVsbA']) {
        const refusal = storage.calls({}, { limit: 5, cursor });
        await expect(refusal).rejects.toMatchObject({ code: 'invalid_cursor' });
      }
    });
  });

  describe('after a restart', () => {
    test('committed rows are still there, and open calls and recordings are found', async () => {
      const open = newCall({ status: 'in_progress' });
      const ended = newCall({ status: 'completed' });
      const recording = aRecording(open);
      const line = { callId: open.id, at: 1, kind: 'leg', data: { n: 1 } };
      await storage.commit({ call: ended });
      await storage.commit({ call: open, recording, events: [anEvent(open)], timeline: [line] });
      const events = await eventsOf(open);
      await reopen();
      expect(await storage.call(ended.id)).toEqual(ended);
      expect((await storage.timeline(open.id, { limit: 100 })).data).toEqual([line]);
      expect(await eventsOf(open)).toEqual(events);
      const openCalls = (await storage.openCalls()).map((call) => call.id);
      expect(openCalls).toContain(open.id);
      expect(openCalls).not.toContain(ended.id);
      expect((await storage.openRecordings()).map(({ id }) => id)).toContain(recording.id);
      await storage.deleteRecording(recording.id);
      expect(await storage.recording(recording.id)).toBeUndefined();
    });

    test('event numbers continue', async () => {
      const call = newCall();
      await storage.commit({ call, events: [anEvent(call), anEvent(call)] });
      await reopen();
      await storage.commit({ events: [anEvent(call)] });
      expect((await eventsOf(call))[2]).toMatchObject({
        sequence: 3,
        eventKey: `${call.id}:call.gathered:3`,
      });
    });

    test('ids are greater than all earlier ones, even when the clock was set back', async () => {
      const call = newCall();
      await storage.commit({ call, events: [anEvent(call)] });
      const last = (await storage.latestId()) as string;
      clock.jump(-3_600_000);
      await reopen();
      const next = storage.ids.next('evt');
      clock.jump(3_600_000);
      expect(last).toBe((await eventsOf(call))[0]?.id);
      expect(next > last).toBe(true);
    });

    test('writes requested before the close are done, later ones are rejected', async () => {
      const [before, after] = [newCall(), newCall()];
      const committed = storage.commit({ call: before });
      const closing = storage.close();
      const late = storage.commit({ call: after });
      await expect(late).rejects.toThrow('closed');
      await Promise.all([committed, closing, storage.close()]);
      storage = await open(options);
      expect(await storage.call(before.id)).toEqual(before);
      expect(await storage.call(after.id)).toBeUndefined();
      await storage.ping();
    });
  });
}
