import { Failure } from '../core/index.ts';
import {
  entryOf,
  type RecordedCall,
  Recording,
  type RecordingOptions,
  type RecordingPorts,
} from './recording.ts';
import { notStartedEvent } from './recording-events.ts';
import type { RecordingRecord } from './store.ts';

/**
 * The recordings of one call: at most one runs at a time, and each has its own file and its own end. Make one
 * with the call, and defer `finish` on the call's scope.
 */
export class CallRecordings {
  #call: RecordedCall;
  #ports: RecordingPorts;
  #recordings: Recording[] = [];
  #finished = false;

  constructor(call: RecordedCall, ports: RecordingPorts) {
    this.#call = call;
    this.#ports = ports;
  }

  /** The one that runs or is paused. */
  get active(): RecordingRecord | undefined {
    return this.#active?.record;
  }

  /**
   * Starts a recording, and resolves when its first frame is in the file; while one runs, that one goes on and is
   * the answer. Rejects with `recording_start_failed`, which is then reported as `recording.failed`, or with
   * `call_ended`.
   */
  async start(options: RecordingOptions): Promise<{ recording: RecordingRecord; already: boolean }> {
    const running = this.#active;
    if (running) {
      await running.begin();
      return { recording: running.record, already: true };
    }
    if (this.#finished) throw new Failure('call_ended', 'the call has ended');
    const recording = new Recording(this.#nextId(), options, this.#call, this.#ports);
    this.#recordings.push(recording);
    await recording.begin();
    return { recording: recording.record, already: false };
  }

  /**
   * Stops the active recording; resolves when its file is there and `recording.completed` (or `recording.failed`)
   * is committed. While one is on its way to its end already, that end is the answer. Rejects with
   * `recording_not_started` when there is none, with `recording_stop_failed` when the end cannot be written.
   */
  async stop(by: 'stop_recording' | 'api'): Promise<RecordingRecord> {
    const last = this.#recordings.at(-1);
    if (!last || last.isOver) throw notStarted();
    last.end(by);
    return last.over;
  }

  /** Tells the application of a stop that met no recording: the action's, not REST's, where the answer tells. */
  async reportNotStarted(): Promise<void> {
    const event = notStartedEvent(this.#call.record, this.#call.now());
    await this.#ports.journal.commit({ events: [event], timeline: [entryOf(event)] });
  }

  /**
   * From now on what is said is kept out of the file: as silence, or left out. Rejects with `recording_not_started`.
   */
  async pause(mode: 'silence' | 'skip'): Promise<RecordingRecord> {
    const recording = this.#mustBeActive();
    await recording.pause(mode);
    return recording.record;
  }

  /** Makes a running recording silent. @returns false where there is none, or it is paused already. */
  async silence(): Promise<boolean> {
    return (await this.#active?.pause('silence')) ?? false;
  }

  /** Does nothing when it is not paused. Rejects with `recording_not_started`. */
  async resume(): Promise<RecordingRecord> {
    const recording = this.#mustBeActive();
    await recording.resume();
    return recording.record;
  }

  /**
   * The call is over: what still runs ends here, and no other starts. Resolves when all terminal events are
   * committed, so that they come before the call's own. Never rejects.
   */
  async finish(by: 'hangup' = 'hangup'): Promise<void> {
    this.#finished = true;
    for (const recording of this.#recordings) recording.end(by);
    await Promise.allSettled(this.#recordings.map((recording) => recording.over));
  }

  get #active(): Recording | undefined {
    return this.#recordings.find((recording) => recording.active);
  }

  #mustBeActive(): Recording {
    const active = this.#active;
    if (!active) throw notStarted();
    return active;
  }

  /** `rec_` and the call's id; from the second on with its number. */
  #nextId(): string {
    const number = this.#recordings.length + 1;
    return `rec_${this.#call.record.id}${number > 1 ? `_${number}` : ''}`;
  }
}

const notStarted = () => new Failure('recording_not_started', 'recording is not currently started');
