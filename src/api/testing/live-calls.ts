import type { Action } from '../../../contract/actions/index.ts';
import { Failure } from '../../core/index.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import type { LiveCalls } from '../ports.ts';

/** Live calls that only note what is asked of them; `add` says which there are. */
export class FakeLiveCalls implements LiveCalls {
  readonly asked: string[] = [];
  /** A call that is alive but has no recordings has no SIP leg yet. */
  #calls = new Map<string, RecordingRecord | undefined>();
  #running = new Set<string>();

  /** What the next order comes to in place of what was asked for. */
  failure: Failure | undefined;

  add(callId: string, recording?: RecordingRecord): void {
    this.#calls.set(callId, recording);
  }

  get size(): number {
    return this.#calls.size;
  }

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  hangup(callId: string): void {
    this.asked.push(`hangup ${callId}`);
  }

  perform(callId: string, actions: Action[]): void {
    this.asked.push(`perform ${callId} ${actions.map(({ type }) => type).join(' ')}`);
  }

  recordings(callId: string): ReturnType<LiveCalls['recordings']> {
    const recording = this.#calls.get(callId);
    if (!recording) return undefined;
    const running = () => {
      if (!this.#running.has(callId)) {
        throw new Failure('recording_not_started', 'recording is not currently started');
      }
      return recording;
    };
    return {
      start: async (options) => {
        if (this.failure) throw this.failure;
        const already = this.#running.has(callId);
        this.#running.add(callId);
        this.asked.push(`start ${options.channels} ${options.format} ${options.maxSeconds}`);
        return { recording: { ...recording, status: 'started' }, already };
      },
      stop: async (by) => {
        const stopped = running();
        this.#running.delete(callId);
        this.asked.push(`stop ${by}`);
        return stopped;
      },
      pause: async (mode) => {
        this.asked.push(`pause ${mode}`);
        return running();
      },
      resume: async () => running(),
    };
  }
}
