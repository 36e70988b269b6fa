import type { Recorder } from '../actions/index.ts';
import type { Session } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { CallRecordings, type RecordingPorts } from '../recordings/index.ts';

/** Gives every live call its recordings, made when they are first asked for and finished with the call. */
export function recordingsOfCalls(ports: RecordingPorts): (session: Session) => CallRecordings {
  const all = new WeakMap<Session, CallRecordings>();
  return (session) => {
    const known = all.get(session);
    if (known) return known;
    const recordings = new CallRecordings(session, ports);
    all.set(session, recordings);
    session.scope.defer(() => recordings.finish());
    return recordings;
  };
}

/** A call's recordings as the actions see them. */
export function recorderOver(recordings: CallRecordings): Recorder {
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
      const silenced = await recordings.silence();
      try {
        await run();
      } finally {
        if (silenced) await recordings.resume();
      }
    },
  };
}
