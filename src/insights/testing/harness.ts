import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../calls/index.ts';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import { openSqliteStorage } from '../../storage/index.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { type Engines, enqueueingJournal, Insights, type Transcription } from '../index.ts';
import type { Scorecard } from '../insight.ts';
import { someParts } from './records.ts';

const owner = { recordingId: 'rec_1', callId: 'call_1', applicationId: 'app_1' };

/** Example data of a part. */
export const aPart = (name: string): unknown => someParts(owner).find(({ part }) => part === name)?.data;

/** One engine of each kind with scripted results. */
export class FakeEngines {
  /** Called for each recording. */
  transcribe: (recording: RecordingRecord, signal: AbortSignal) => Transcription | Promise<Transcription> =
    () => ({
      engine: 'fake-transcriber',
      language: 'en',
      segments: [{ speaker: 'caller', text: 'Where is my parcel?', startMs: 100, endMs: 900 }],
    });
  /** Called for each part. */
  analyze: (part: string) => unknown = aPart;
  readonly asked: string[] = [];

  of = (): Engines => ({
    transcribers: [
      {
        transcribe: async (recording, _path, signal) => {
          this.asked.push(`transcribe ${recording.id}`);
          return this.transcribe(recording, signal);
        },
      },
    ],
    analysts: [
      {
        engine: 'fake-analyst',
        analyze: async (part) => {
          this.asked.push(part);
          return this.analyze(part) as never;
        },
      },
    ],
  });
}

/** Opens insights on a real database with fake engines. */
export async function openInsightsHarness() {
  const clock = new VirtualClock();
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-insights-'));
  const file = join(folder, 'db');
  const engines = new FakeEngines();
  const settings = { scorecard: null as Scorecard | null, aiEvents: false };
  const open = () => openSqliteStorage({ file, clock, hasWebhook: () => true });
  const startInsights = async () => {
    const insights = new Insights({
      store: harness.storage,
      journal: harness.storage,
      calls: harness.storage,
      recordings: harness.storage,
      files: { path: (name) => join(folder, name) },
      engines: engines.of,
      settings: () => settings,
      clock,
      log: silentLog,
      node: 0,
      concurrency: 2,
    });
    await insights.start();
    return insights;
  };
  const harness = {
    clock,
    folder,
    engines,
    settings,
    storage: await open(),
    insights: undefined as unknown as Insights,
    /** Completes a recording, which adds it to the queue. */
    async record(
      changes: Partial<RecordingRecord> = {},
    ): Promise<{ call: CallRecord; recording: RecordingRecord }> {
      const call = aCall(harness.storage.ids.next('call'), { status: 'completed' });
      const updatedAt = Math.round(clock.now());
      const recording = aRecording(call, { status: 'completed', updatedAt, ...changes });
      await harness.storage.commit({ call });
      const journal = enqueueingJournal(harness.storage, () => true);
      const event = { event: 'recording.completed', at: updatedAt, call, data: {} };
      await journal.commit({ recording, events: [event] });
      harness.insights.wake();
      return { call, recording };
    },
    /** Simulates a crash: running jobs are lost, and a new process takes over. */
    async crash() {
      const dead = harness.insights;
      await harness.storage.close();
      harness.storage = await open();
      harness.insights = await startInsights();
      await dead.close();
    },
    async close() {
      await harness.insights.close();
      await harness.storage.close();
      rmSync(folder, { recursive: true });
    },
  };
  harness.insights = await startInsights();
  return harness;
}

export type InsightsHarness = Awaited<ReturnType<typeof openInsightsHarness>>;
