import { join } from 'node:path';
import type { Recorder } from '../actions/index.ts';
import { endInterrupted, type Session } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { enqueueingJournal } from '../insights/index.ts';
import {
  CallRecordings,
  Eraser,
  type RecordingDeps,
  RecordingFiles,
  recoverRecordings,
} from '../recordings/index.ts';
import type { Data } from './data-folder.ts';
import { wantsInsights } from './insights.ts';
import type { Deps } from './platform.ts';

/** The recordings of calls, and what deletes them. */
export type Recordings = Awaited<ReturnType<typeof openRecordings>>;

/** Opens the recordings. Recordings and calls that an earlier process left open are finished first. */
export async function openRecordings(deps: Deps, data: Data) {
  const { log, clock, scope } = deps;
  const { folder, storage, directory, billing } = data;
  const files = new RecordingFiles(join(folder, 'recordings'));
  const finisher = deps.recordingFinisher();
  scope.defer('recording finisher', () => finisher.close());
  const journal = enqueueingJournal(storage, (id) => wantsInsights(deps.config, directory.application(id)));
  const recordingDeps = { journal, files, finisher };
  const calls = { call: (id: string) => storage.call(id), openCalls: () => storage.openCalls() };
  // In this order, so that the event of a recording precedes the last event of its call.
  await recoverRecordings({ ...recordingDeps, ...calls, store: storage, clock, log });
  const interrupted = await endInterrupted(storage, billing.journal, clock);
  await billing.settleOrphanedCharges((id) => storage.call(id));
  if (interrupted > 0) log.warn({ calls: interrupted }, 'ended calls that an earlier process left open');
  return { files, eraser: startEraser(deps, data, files), recordingsOf: recordingsOfCalls(recordingDeps) };
}

function startEraser({ config, log, clock, scope }: Deps, { storage }: Data, files: RecordingFiles): Eraser {
  const eraser = new Eraser({ store: storage, files, clock, log });
  scope.defer('eraser', () => eraser.close());
  eraser.start({
    calls: config.callDays,
    recordings: config.recordingDays,
    events: config.eventDays,
    timelines: config.timelineDays,
    charges: config.chargeDays,
  });
  return eraser;
}

/** Creates the recordings of a call when they are first needed, and finishes them with the call. */
function recordingsOfCalls(recordingDeps: RecordingDeps): (session: Session) => CallRecordings {
  const all = new WeakMap<Session, CallRecordings>();
  return (session) => {
    const known = all.get(session);
    if (known) return known;
    const recordings = new CallRecordings(session, recordingDeps);
    all.set(session, recordings);
    session.scope.defer('recordings', () => recordings.finish());
    return recordings;
  };
}

/** Adapts a call's recordings to what the actions need. */
export function recorderFor(recordings: CallRecordings): Recorder {
  return {
    start: async (options) => void (await recordings.start(options)),
    async stop() {
      try {
        await recordings.stop('stop_recording');
      } catch (error) {
        if (error instanceof Failure && error.code === 'recording_not_started')
          await recordings.reportNotStarted();
        throw error;
      }
    },
    pause: async (mode) => void (await recordings.pause(mode)),
    resume: async () => void (await recordings.resume()),
    async silently(run) {
      const isSilenced = await recordings.silence();
      try {
        await run();
      } finally {
        if (isSilenced) await recordings.resume();
      }
    },
  };
}
