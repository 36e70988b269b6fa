import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { Job, Transcript } from '../insights/index.ts';
import type { Storage, StorageOptions } from './storage.ts';
import { aCall, anEvent, aRecording } from './testing/records.ts';

/**
 * Tests of insights and their queue that every `Storage` must pass.
 * @param open opens the same database each time; the suite closes what it opens.
 */
export function insightsConformance(open: (options: StorageOptions) => Promise<Storage>): void {
  let storage: Storage;
  const clock = new VirtualClock();
  const options = { clock, hasWebhook: () => true };
  beforeAll(async () => {
    storage = await open(options);
  });
  afterAll(() => storage.close());

  /** Completes a recording, which adds it to the queue. */
  async function recorded(createdAt = 1000): Promise<Job> {
    const call = aCall(storage.ids.next('call'));
    const recording = aRecording(call, { status: 'completed' });
    const job = { recordingId: recording.id, callId: call.id, applicationId: call.applicationId, createdAt };
    await storage.commit({
      call,
      recording,
      events: [anEvent(call, 'recording.completed')],
      insights: { enqueue: [job] },
    });
    return (await storage.jobsOf(call.id))[0]!;
  }

  const transcriptOf = (job: Job, fullText: string, changes: Partial<Transcript> = {}): Transcript => ({
    recordingId: job.recordingId,
    callId: job.callId,
    applicationId: job.applicationId,
    status: 'completed',
    language: 'en',
    engine: 'moonshine-base',
    segments: [{ speaker: 'caller', text: fullText, startMs: 0, endMs: 900 }],
    fullText,
    error: null,
    createdAt: 5,
    ...changes,
  });

  /** Claims the job that is due. */
  async function take(): Promise<Job> {
    const job = await storage.claimJob(3, 2000, 60_000);
    if (!job) throw new Error('no job is due');
    return job;
  }
  const finish = (job: Job) => storage.commit({ insights: { holder: job, finished: true } });

  describe('the queue', () => {
    test('adds a recording in the commit that completes it, and gives it to one claim at a time', async () => {
      const { recordingId, callId } = await recorded();
      expect(await storage.backlog()).toEqual({ waiting: 1, running: 0, oldestAt: 1000 });
      const job = await take();
      expect(job).toMatchObject({ recordingId, callId, attempts: 1, node: 3, dueAt: 60_000 });
      expect(await storage.claimJob(3, 2000, 60_000)).toBeUndefined();
      expect(await storage.backlog()).toEqual({ waiting: 0, running: 1, oldestAt: 1000 });
      await finish(job);
      expect(await storage.backlog()).toEqual({ waiting: 0, running: 0, oldestAt: null });
    });

    test('skips the given applications', async () => {
      const { recordingId } = await recorded();
      const { applicationId } = (await storage.jobsOf((await recorded()).callId))[0]!;
      expect(await storage.claimJob(3, 2000, 60_000, ['app_none', applicationId])).toBeUndefined();
      expect(await storage.nextDue([applicationId])).toBeUndefined();
      expect(await storage.nextDue(['app_none'])).toBe(1000);
      const job = await storage.claimJob(3, 2000, 60_000, ['app_none']);
      expect(job).toMatchObject({ recordingId });
      await finish(job!);
      await finish(await take());
    });

    test('returns a job without attempts, even if the clock was set back', async () => {
      await recorded();
      const job = await storage.claimJob(3, 10, 60_000);
      await finish(job!);
      expect(job).toMatchObject({ attempts: 1, dueAt: 60_000 });
    });

    test('adds nothing in a commit that fails', async () => {
      const unknownCall = aCall('call_that_is_not_stored');
      const job = { recordingId: 'rec_x', callId: unknownCall.id, applicationId: 'app_1', createdAt: 1 };
      const change = { events: [anEvent(unknownCall)], insights: { enqueue: [job] } };
      await expect(storage.commit(change)).rejects.toThrow();
      expect(await storage.jobsOf(unknownCall.id)).toEqual([]);
    });

    test('returns a job again when its claim expires, and rejects writes of the lost claim', async () => {
      await recorded();
      const lost = await take();
      const again = await storage.claimJob(4, 60_000, 90_000);
      expect(again).toMatchObject({ recordingId: lost.recordingId, attempts: 2, node: 4 });
      const late = storage.commit({ insights: { holder: lost, transcript: transcriptOf(lost, 'late') } });
      await expect(late).rejects.toMatchObject({ code: 'job_lost' });
      await expect(finish(lost)).rejects.toMatchObject({ code: 'job_lost' });
      expect(await storage.transcript(lost.recordingId)).toBeUndefined();
      await finish(again!);
    });

    test('lets the holder extend its claim', async () => {
      await recorded();
      const job = await take();
      await storage.holdJob(job, 120_000);
      expect(await storage.claimJob(3, 100_000, 200_000)).toBeUndefined();
      await finish(job);
    });

    test('releases the jobs of a crashed node when it starts again', async () => {
      await recorded();
      const job = await take();
      await storage.releaseJobs(4, 3000);
      expect(await storage.nextDue()).toBe(60_000);
      await storage.releaseJobs(3, 3000);
      expect(await storage.nextDue()).toBe(3000);
      await finish(job);
    });

    test('postpones a failed job, with the reason', async () => {
      await recorded();
      const job = await take();
      const postpone = { dueAt: 9000, lastError: 'the recognizer has stopped' };
      await storage.commit({ insights: { holder: job, postpone } });
      expect(await storage.jobsOf(job.callId)).toMatchObject([{ ...postpone, node: null, attempts: 1 }]);
      expect(await storage.claimJob(3, 8999, 20_000)).toBeUndefined();
      await finish((await storage.claimJob(3, 9000, 20_000))!);
    });

    test('restarts a job that is enqueued again, and deletes its earlier results', async () => {
      await recorded();
      const first = await take();
      const part = {
        ...{
          callId: first.callId,
          part: 'topics' as const,
          applicationId: 'app_1',
          status: 'completed' as const,
        },
        ...{ engine: 'heuristic', data: [], error: null, createdAt: 5 },
      };
      await storage.commit({ insights: { holder: first, transcript: transcriptOf(first, 'old'), part } });
      expect(await storage.partsOf(first.callId)).toEqual([part]);
      await storage.commit({
        insights: { discardCall: first.callId, enqueue: [{ ...first, createdAt: 1500 }] },
      });
      expect(await storage.transcriptsOf(first.callId)).toEqual([]);
      expect(await storage.partsOf(first.callId)).toEqual([]);
      await expect(finish(first)).rejects.toMatchObject({ code: 'job_lost' });
      await finish(await take());
    });
  });

  describe('transcripts', () => {
    async function transcribed(text: string, changes: Partial<Transcript> = {}): Promise<Transcript> {
      await recorded();
      const job = await take();
      const transcript = transcriptOf(job, text, changes);
      await storage.commit({ insights: { holder: job, transcript, finished: true } });
      return transcript;
    }
    const found = async (q: string, applicationId = 'app_1') => {
      const page = await storage.transcripts({ applicationId, q }, { limit: 50 });
      return page.data.map(({ recordingId }) => recordingId);
    };

    test('are stored unchanged', async () => {
      const transcript = await transcribed('Where is my parcel?');
      expect(await storage.transcript(transcript.recordingId)).toEqual(transcript);
      expect(await storage.transcriptsOf(transcript.callId)).toEqual([transcript]);
    });

    test('are found by all given words, in any form, and by phrases', async () => {
      const washing = await transcribed('The washing machine flooded my kitchen.');
      const machine = await transcribed('My machine needs washing powder.', { createdAt: 9 });
      expect(await found('flooding kitchens')).toEqual([washing.recordingId]);
      expect(await found('machine washing')).toEqual([machine.recordingId, washing.recordingId]);
      expect(await found('"washing machine"')).toEqual([washing.recordingId]);
      expect(await found('kitchen powder')).toEqual([]);
      expect(await found('kitchen', 'app_2')).toEqual([]);
    });

    test('are searched without interpreting the operators of the index', async () => {
      await transcribed('It is not near, AND it costs $12.50 (or so).');
      for (const q of ['NEAR(', '"', '* OR', 'a:b', '-near', "';--", '()', ' ']) {
        expect(Array.isArray(await found(q))).toBe(true);
      }
      expect(await found('near AND costs')).toHaveLength(1);
    });

    test('are listed page by page, newest first', async () => {
      const texts = ['zebra one', 'zebra two', 'zebra three'];
      for (const [i, text] of texts.entries()) await transcribed(text, { createdAt: 100 + i });
      const first = await storage.transcripts({ q: 'zebra' }, { limit: 2 });
      const rest = await storage.transcripts({ q: 'zebra' }, { limit: 2, cursor: first.nextCursor! });
      expect([...first.data, ...rest.data].map(({ fullText }) => fullText)).toEqual(texts.toReversed());
      expect(rest.nextCursor).toBeNull();
    });

    test('are updated in the index with the table, and deleted with their recording', async () => {
      const transcript = await transcribed('A giraffe called.');
      const { recordingId, callId } = transcript;
      const part = {
        ...{ callId, part: 'topics' as const, applicationId: 'app_1', status: 'completed' as const },
        ...{ engine: 'heuristic', data: [], error: null, createdAt: 5 },
      };
      await storage.commit({
        insights: { transcript: { ...transcript, fullText: 'An okapi called.' }, part },
      });
      expect(await found('giraffe')).toEqual([]);
      expect(await found('okapi')).toEqual([recordingId]);
      const waiting = { recordingId, callId, applicationId: 'app_1', createdAt: 1 };
      await storage.commit({ insights: { enqueue: [waiting] } });
      await storage.deleteRecording(recordingId);
      expect(await found('okapi')).toEqual([]);
      expect(await storage.transcript(recordingId)).toBeUndefined();
      expect(await storage.partsOf(callId)).toEqual([]);
      expect(await storage.jobsOf(callId)).toEqual([]);
    });
  });
}
