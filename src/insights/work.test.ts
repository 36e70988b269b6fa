import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aPart, type InsightsHarness, openInsightsHarness } from './testing/harness.ts';

let harness: InsightsHarness;
beforeEach(async () => {
  harness = await openInsightsHarness();
});
afterEach(() => harness.close());

const eventsOf = async (callId: string) =>
  (await harness.storage.events({ callId }, { limit: 50 })).data.map(({ event }) => event);
const statuses = async (callId: string) =>
  Object.fromEntries((await harness.storage.partsOf(callId)).map(({ part, status }) => [part, status]));

describe('a completed recording', () => {
  it('is transcribed and analyzed, and leaves the queue', async () => {
    const { call, recording } = await harness.record();
    await harness.insights.settled();
    expect(await harness.storage.transcript(recording.id)).toMatchObject({
      status: 'completed',
      engine: 'fake-transcriber',
      fullText: 'Where is my parcel?',
    });
    expect(await statuses(call.id)).toEqual({
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    });
    expect(await harness.storage.backlog()).toEqual({ waiting: 0, running: 0, oldestAt: null });
    expect(harness.insights.backlog.waiting).toBe(0);
    expect(await eventsOf(call.id)).toEqual(['recording.completed']);
  });

  it('stores its transcript before the analysis is complete', async () => {
    let seen: unknown;
    harness.engines.analyze = async (part) => {
      seen ??= await harness.storage.transcript(recording.id);
      return aPart(part);
    };
    const { recording } = await harness.record();
    await harness.insights.settled();
    expect(seen).toMatchObject({ status: 'completed' });
  });

  it('is reported if the application wants events', async () => {
    harness.settings.aiEvents = true;
    const { call } = await harness.record();
    await harness.insights.settled();
    const { data } = await harness.storage.events({ callId: call.id }, { limit: 50 });
    expect(data.at(-1)).toMatchObject({
      event: 'ai.completed',
      eventKey: `${call.id}:ai.completed`,
      sequence: 2,
      data: { transcription: 'completed', summary: 'completed', score: 'completed', topics: 'completed' },
    });
  });

  it('waits in the queue while the limit of running jobs is reached', async () => {
    const gate = Promise.withResolvers<void>();
    const result = { engine: 'slow', language: 'en', segments: [] };
    harness.engines.transcribe = () => gate.promise.then(() => result);
    for (let n = 0; n < 5; n++) await harness.record();
    await expect.poll(() => harness.insights.backlog).toMatchObject({ waiting: 3, running: 2 });
    gate.resolve();
    await harness.insights.settled();
    expect(harness.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(5);
  });
});

describe('a failed part of the analysis', () => {
  it('does not affect the others', async () => {
    harness.settings.aiEvents = true;
    harness.engines.analyze = (part) => {
      if (part === 'score') throw new Error('no idea');
      return aPart(part);
    };
    const { call } = await harness.record();
    await harness.insights.settled();
    expect(await statuses(call.id)).toEqual({ summary: 'completed', score: 'failed', topics: 'completed' });
    expect((await harness.storage.events({ callId: call.id }, { limit: 50 })).data.at(-1)).toMatchObject({
      event: 'ai.failed',
      data: { score: 'failed', topics: 'completed', error: { code: 'analysis_failed', message: 'no idea' } },
    });
  });
});

describe('a transcription that fails', () => {
  it('is retried with growing delays until it succeeds', async () => {
    let failures = 2;
    const transcribe = harness.engines.transcribe;
    harness.engines.transcribe = (...recording) => {
      if (failures-- > 0) throw new Error('the recognizer process ended');
      return transcribe(...recording);
    };
    const { call, recording } = await harness.record();
    await harness.insights.settled();
    expect(await harness.storage.jobsOf(call.id)).toMatchObject([
      { attempts: 1, lastError: 'the recognizer process ended', node: null },
    ]);
    await harness.clock.advance(9_000);
    await harness.insights.settled();
    expect(harness.engines.asked).toHaveLength(1);
    await harness.clock.advance(1_000);
    await harness.insights.settled();
    await harness.clock.advance(60_000);
    await harness.insights.settled();
    expect(await harness.storage.transcript(recording.id)).toMatchObject({ status: 'completed' });
    expect(await harness.storage.jobsOf(call.id)).toEqual([]);
  });

  it('fails with its reason after six attempts, and so does every part', async () => {
    harness.settings.aiEvents = true;
    harness.engines.transcribe = () => {
      throw new Error('the file cannot be read');
    };
    const { call, recording } = await harness.record();
    for (const seconds of [0, 10, 60, 300, 900, 3600]) {
      await harness.clock.advance(seconds * 1000);
      await harness.insights.settled();
    }
    expect(await harness.storage.transcript(recording.id)).toMatchObject({
      status: 'failed',
      error: { code: 'recognition_failed', message: 'the file cannot be read' },
    });
    expect(await statuses(call.id)).toEqual({ summary: 'failed', score: 'failed', topics: 'failed' });
    expect(await eventsOf(call.id)).toEqual(['recording.completed', 'ai.failed']);
    expect(harness.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(6);
  });
});

describe('a crash', () => {
  it('loses nothing: the next process finishes the job and reuses stored results', async () => {
    harness.settings.aiEvents = true;
    const gate = Promise.withResolvers<never>();
    let analyzed = 0;
    harness.engines.analyze = (part) => (++analyzed === 2 ? gate.promise : aPart(part));
    const { call } = await harness.record();
    await expect.poll(() => analyzed).toBe(2);
    harness.engines.analyze = aPart;
    gate.promise.catch(() => {});
    const crashed = harness.crash();
    gate.reject(new Error('dead'));
    await crashed;
    await harness.insights.settled();
    expect(await statuses(call.id)).toEqual({
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    });
    expect(harness.engines.asked.filter((one) => one.startsWith('transcribe'))).toHaveLength(1);
    expect(await eventsOf(call.id)).toEqual(['recording.completed', 'ai.completed']);
  });

  it('that a recording causes repeatedly ends after six attempts', async () => {
    const { call, recording } = await harness.record();
    await harness.insights.settled();
    const again = { recordingId: recording.id, callId: call.id, applicationId: call.applicationId };
    await harness.storage.commit({
      insights: { discardCall: call.id, enqueue: [{ ...again, createdAt: 1 }] },
    });
    // Six processes took the job and disappeared.
    for (let n = 0; n < 6; n++) await harness.storage.claimJob(7, Math.round(harness.clock.now()), n);
    harness.insights.wake();
    await harness.insights.settled();
    expect(await harness.storage.transcript(recording.id)).toMatchObject({ status: 'failed' });
  });
});

describe('a recording that is deleted during its transcription', () => {
  it('leaves no results', async () => {
    harness.settings.aiEvents = true;
    const gate = Promise.withResolvers<void>();
    const transcribe = harness.engines.transcribe;
    harness.engines.transcribe = async (...args) => {
      await gate.promise;
      return transcribe(...args);
    };
    const { call, recording } = await harness.record();
    await expect.poll(() => harness.engines.asked.length).toBe(1);
    await harness.storage.deleteRecording(recording.id);
    gate.resolve();
    await harness.insights.settled();
    expect(await harness.storage.transcript(recording.id)).toBeUndefined();
    expect(await harness.storage.partsOf(call.id)).toEqual([]);
    expect(await eventsOf(call.id)).toEqual(['recording.completed']);
  });
});

describe('reprocessing a call', () => {
  it('transcribes and analyzes all of its recordings again', async () => {
    const { call, recording } = await harness.record();
    await harness.insights.settled();
    harness.engines.transcribe = () => ({ engine: 'better', language: 'en', segments: [] });
    expect(await harness.insights.reprocess(call)).toBe(1);
    await harness.insights.settled();
    expect(await harness.storage.transcript(recording.id)).toMatchObject({ engine: 'better' });
  });

  it('is refused if the call has no recording', async () => {
    const nothing = { id: 'call_none', applicationId: 'app_1' };
    await expect(harness.insights.reprocess(nothing)).rejects.toMatchObject({ code: 'nothing_to_process' });
  });
});

it('extends the lease of a running job until it is closed', async () => {
  harness.engines.transcribe = (_recording, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const { call } = await harness.record();
  await expect.poll(() => harness.engines.asked.length).toBe(1);
  for (let n = 0; n < 10; n++) await harness.clock.advance(40_000);
  await harness.insights.settled;
  const [job] = await harness.storage.jobsOf(call.id);
  expect(job).toMatchObject({ attempts: 1, node: 0 });
  expect(job!.dueAt).toBeGreaterThan(harness.clock.now());
  await harness.insights.close();
  expect(harness.clock.pending).toBe(0);
});
