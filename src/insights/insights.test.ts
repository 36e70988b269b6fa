import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aPart, type InsightHouse, openInsightHouse } from './testing/house.ts';

let house: InsightHouse;
beforeEach(async () => {
  house = await openInsightHouse();
});
afterEach(() => house.close());

const eventsOf = async (callId: string) =>
  (await house.storage.events({ callId }, { limit: 50 })).data.map(({ event }) => event);
const statuses = async (callId: string) =>
  Object.fromEntries((await house.storage.partsOf(callId)).map(({ part, status }) => [part, status]));

describe('a recording that is completed', () => {
  it('is transcribed and analysed by itself, and leaves the queue', async () => {
    const { call, recording } = await house.record();
    await house.insights.settled();
    expect(await house.storage.transcript(recording.id)).toMatchObject({
      status: 'completed',
      engine: 'fake-ear',
      fullText: 'Where is my parcel?',
    });
    expect(await statuses(call.id)).toEqual({
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    });
    expect(await house.storage.backlog()).toEqual({ waiting: 0, running: 0, oldestAt: null });
    expect(house.insights.backlog.waiting).toBe(0);
    expect(await eventsOf(call.id)).toEqual(['recording.completed']);
  });

  it('shows its transcript while the rest is still being made', async () => {
    let seen: unknown;
    house.engines.analyse = async (part) => {
      seen ??= await house.storage.transcript(recording.id);
      return aPart(part);
    };
    const { recording } = await house.record();
    await house.insights.settled();
    expect(seen).toMatchObject({ status: 'completed' });
  });

  it('is reported where the application wants that', async () => {
    house.settings.aiEvents = true;
    const { call } = await house.record();
    await house.insights.settled();
    const { data } = await house.storage.events({ callId: call.id }, { limit: 50 });
    expect(data.at(-1)).toMatchObject({
      event: 'ai.completed',
      eventKey: `${call.id}:ai.completed`,
      sequence: 2,
      data: { transcription: 'completed', summary: 'completed', score: 'completed', topics: 'completed' },
    });
  });

  it('takes its place behind those that came before, so many at once', async () => {
    const gate = Promise.withResolvers<void>();
    const heard = { engine: 'slow', language: 'en', segments: [] };
    house.engines.transcribe = () => gate.promise.then(() => heard);
    for (let n = 0; n < 5; n++) await house.record();
    await expect.poll(() => house.insights.backlog).toMatchObject({ waiting: 3, running: 2 });
    gate.resolve();
    await house.insights.settled();
    expect(house.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(5);
  });
});

describe('a part that cannot be made', () => {
  it('hides none of the others', async () => {
    house.settings.aiEvents = true;
    house.engines.analyse = (part) => {
      if (part === 'score') throw new Error('no idea');
      return aPart(part);
    };
    const { call } = await house.record();
    await house.insights.settled();
    expect(await statuses(call.id)).toEqual({ summary: 'completed', score: 'failed', topics: 'completed' });
    expect((await house.storage.events({ callId: call.id }, { limit: 50 })).data.at(-1)).toMatchObject({
      event: 'ai.failed',
      data: { score: 'failed', topics: 'completed', error: { code: 'analysis_failed', message: 'no idea' } },
    });
  });
});

describe('a transcription that fails', () => {
  it('is tried again, later each time, until it succeeds', async () => {
    let failures = 2;
    const transcribe = house.engines.transcribe;
    house.engines.transcribe = (...recording) => {
      if (failures-- > 0) throw new Error('the recogniser was lost');
      return transcribe(...recording);
    };
    const { call, recording } = await house.record();
    await house.insights.settled();
    expect(await house.storage.jobsOf(call.id)).toMatchObject([
      { attempts: 1, lastError: 'the recogniser was lost', node: null },
    ]);
    await house.clock.advance(9_000);
    await house.insights.settled();
    expect(house.engines.asked).toHaveLength(1);
    await house.clock.advance(1_000);
    await house.insights.settled();
    await house.clock.advance(60_000);
    await house.insights.settled();
    expect(await house.storage.transcript(recording.id)).toMatchObject({ status: 'completed' });
    expect(await house.storage.jobsOf(call.id)).toEqual([]);
  });

  it('is given up in the end, with its reason, and every part says so', async () => {
    house.settings.aiEvents = true;
    house.engines.transcribe = () => {
      throw new Error('the file cannot be read');
    };
    const { call, recording } = await house.record();
    for (const seconds of [0, 10, 60, 300, 900, 3600]) {
      await house.clock.advance(seconds * 1000);
      await house.insights.settled();
    }
    expect(await house.storage.transcript(recording.id)).toMatchObject({
      status: 'failed',
      error: { code: 'recognition_failed', message: 'the file cannot be read' },
    });
    expect(await statuses(call.id)).toEqual({ summary: 'failed', score: 'failed', topics: 'failed' });
    expect(await eventsOf(call.id)).toEqual(['recording.completed', 'ai.failed']);
    expect(house.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(6);
  });
});

describe('a crash', () => {
  it('loses nothing: the next process finishes the work, and what was kept is not made again', async () => {
    house.settings.aiEvents = true;
    const gate = Promise.withResolvers<never>();
    let analysed = 0;
    house.engines.analyse = (part) => (++analysed === 2 ? gate.promise : aPart(part));
    const { call } = await house.record();
    await expect.poll(() => analysed).toBe(2);
    house.engines.analyse = aPart;
    gate.promise.catch(() => {});
    const crashed = house.crash();
    gate.reject(new Error('dead'));
    await crashed;
    await house.insights.settled();
    expect(await statuses(call.id)).toEqual({
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    });
    expect(house.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(1);
    expect(await eventsOf(call.id)).toEqual(['recording.completed', 'ai.completed']);
  });

  it('that a recording causes again and again does not go on for ever', async () => {
    const { call, recording } = await house.record();
    await house.insights.settled();
    const again = { recordingId: recording.id, callId: call.id, applicationId: call.applicationId };
    await house.storage.commit({ insights: { afresh: call.id, enqueue: [{ ...again, createdAt: 1 }] } });
    // Six processes took the job and were never heard of again.
    for (let n = 0; n < 6; n++) await house.storage.claimJob(7, Math.round(house.clock.now()), n);
    house.insights.wake();
    await house.insights.settled();
    expect(await house.storage.transcript(recording.id)).toMatchObject({ status: 'failed' });
  });
});

describe('a recording that is deleted while it is worked on', () => {
  it('leaves nothing behind', async () => {
    house.settings.aiEvents = true;
    const gate = Promise.withResolvers<void>();
    const transcribe = house.engines.transcribe;
    house.engines.transcribe = async (...args) => {
      await gate.promise;
      return transcribe(...args);
    };
    const { call, recording } = await house.record();
    await expect.poll(() => house.engines.asked.length).toBe(1);
    await house.storage.deleteRecording(recording.id);
    gate.resolve();
    await house.insights.settled();
    expect(await house.storage.transcript(recording.id)).toBeUndefined();
    expect(await house.storage.partsOf(call.id)).toEqual([]);
    expect(await eventsOf(call.id)).toEqual(['recording.completed']);
  });
});

describe('a call that is asked for again', () => {
  it('is made anew from all of its recordings', async () => {
    const { call, recording } = await house.record();
    await house.insights.settled();
    house.engines.transcribe = () => ({ engine: 'better', language: 'en', segments: [] });
    expect(await house.insights.reprocess(call)).toBe(1);
    await house.insights.settled();
    expect(await house.storage.transcript(recording.id)).toMatchObject({ engine: 'better' });
  });

  it('is refused where there is nothing to make it from', async () => {
    const nothing = { id: 'call_none', applicationId: 'app_1' };
    await expect(house.insights.reprocess(nothing)).rejects.toMatchObject({ code: 'nothing_to_process' });
  });
});

it('keeps a job for as long as it works on it, and lets go of it when it is closed', async () => {
  house.engines.transcribe = (_recording, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const { call } = await house.record();
  await expect.poll(() => house.engines.asked.length).toBe(1);
  for (let n = 0; n < 10; n++) await house.clock.advance(40_000);
  await house.insights.settled;
  const [job] = await house.storage.jobsOf(call.id);
  expect(job).toMatchObject({ attempts: 1, node: 0 });
  expect(job!.dueAt).toBeGreaterThan(house.clock.now());
  await house.insights.close();
  expect(house.clock.pending).toBe(0);
});
