import type { Action } from '../../../contract/actions/index.ts';
import { Failure } from '../../core/index.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import type { LiveCalls } from '../ports.ts';

/** A double of the live calls that records the orders it gets. `add` makes a call live. */
export class FakeLiveCalls implements LiveCalls {
  readonly orders: string[] = [];
  /** A live call without a recording has no SIP leg yet. */
  #calls = new Map<string, RecordingRecord | undefined>();
  #running = new Set<string>();

  /** If set, `start` fails with it. */
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
    this.orders.push(`hangup ${callId}`);
  }

  perform(callId: string, actions: Action[]): void {
    this.orders.push(`perform ${callId} ${actions.map(({ type }) => type).join(' ')}`);
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
        this.orders.push(`start ${options.channels} ${options.format} ${options.maxSeconds}`);
        return { recording: { ...recording, status: 'started' }, already };
      },
      stop: async (by) => {
        const stopped = running();
        this.#running.delete(callId);
        this.orders.push(`stop ${by}`);
        return stopped;
      },
      pause: async (mode) => {
        this.orders.push(`pause ${mode}`);
        return running();
      },
      resume: async () => running(),
    };
  }
}
