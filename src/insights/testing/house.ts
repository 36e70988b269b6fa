import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../calls/index.ts';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import { openSqliteStorage } from '../../storage/index.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { type Engines, type Heard, Insights, queueing } from '../index.ts';
import type { Scorecard } from '../insight.ts';
import { someParts } from './records.ts';

const owner = { recordingId: 'rec_1', callId: 'call_1', applicationId: 'app_1' };

/** What a part can hold. */
export const aPart = (name: string): unknown => someParts(owner).find(({ part }) => part === name)?.data;

/** An engine of each kind that does at once what it is told. */
export class FakeEngines {
  /** Called for each recording; throws where the test wants it. */
  transcribe: (recording: RecordingRecord, signal: AbortSignal) => Heard | Promise<Heard> = () => ({
    engine: 'fake-ear',
    language: 'en',
    segments: [{ speaker: 'caller', text: 'Where is my parcel?', startMs: 100, endMs: 900 }],
  });
  /** Called for each part. */
  analyse: (part: string) => unknown = aPart;
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
        engine: 'fake-mind',
        analyse: async (part) => {
          this.asked.push(part);
          return this.analyse(part) as never;
        },
      },
    ],
  });
}

/** Insights on a real database, with engines that are not. */
export async function openInsightHouse() {
  const clock = new VirtualClock();
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-insights-'));
  const file = join(folder, 'db');
  const engines = new FakeEngines();
  const settings = { scorecard: null as Scorecard | null, aiEvents: false };
  const open = () => openSqliteStorage({ file, clock, hasWebhook: () => true });
  const startInsights = async () => {
    const insights = new Insights({
      store: house.storage,
      journal: house.storage,
      calls: house.storage,
      recordings: house.storage,
      files: { path: (name) => join(folder, name) },
      engines: engines.of,
      settings: () => settings,
      clock,
      log: silentLog,
      node: 0,
      atOnce: 2,
    });
    await insights.start();
    return insights;
  };
  const house = {
    clock,
    folder,
    engines,
    settings,
    storage: await open(),
    insights: undefined as unknown as Insights,
    /** A recording that is completed as recordings are, and so put in the queue. */
    async record(
      but: Partial<RecordingRecord> = {},
    ): Promise<{ call: CallRecord; recording: RecordingRecord }> {
      const call = aCall(house.storage.ids.next('call'), { status: 'completed' });
      const updatedAt = Math.round(clock.now());
      const recording = aRecording(call, { status: 'completed', updatedAt, ...but });
      await house.storage.commit({ call });
      const journal = queueing(house.storage, () => true);
      const event = { event: 'recording.completed', at: updatedAt, call, data: {} };
      await journal.commit({ recording, events: [event] });
      house.insights.wake();
      return { call, recording };
    },
    /** The process dies: what is running comes to nothing, and a new one takes over. */
    async crash() {
      const dead = house.insights;
      await house.storage.close();
      house.storage = await open();
      house.insights = await startInsights();
      await dead.close();
    },
    async close() {
      await house.insights.close();
      await house.storage.close();
      rmSync(folder, { recursive: true });
    },
  };
  house.insights = await startInsights();
  return house;
}

export type InsightHouse = Awaited<ReturnType<typeof openInsightHouse>>;
