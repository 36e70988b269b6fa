import { Failure } from '../core/index.ts';
import { type RecordedCall, Recording, type RecordingDeps, type RecordingOptions } from './recording.ts';
import { notStartedEvent, timelineEntry } from './recording-events.ts';
import type { RecordingRecord } from './store.ts';

/**
 * The recordings of one call. At most one runs at a time, and each has its own file and end. Create it with the call and
 * defer `finish` on the scope of the call.
 */
export class CallRecordings {
  #call: RecordedCall;
  #deps: RecordingDeps;
  #recordings: Recording[] = [];
  #finished = false;

  constructor(call: RecordedCall, deps: RecordingDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /** The recording that runs or is paused. */
  get active(): RecordingRecord | undefined {
    return this.#active?.record;
  }

  /**
   * Starts a recording and resolves when its first frame is in the file. Returns the running one if there is one. Rejects
   * with `recording_start_failed`, which `recording.failed` reports, or with `call_ended`.
   */
  async start(options: RecordingOptions): Promise<{ recording: RecordingRecord; already: boolean }> {
    const running = this.#active;
    if (running) {
      await running.begin();
      return { recording: running.record, already: true };
    }
    if (this.#finished) throw new Failure('call_ended', 'the call has ended');
    const recording = new Recording(this.#nextId(), options, this.#call, this.#deps);
    this.#recordings.push(recording);
    await recording.begin();
    return { recording: recording.record, already: false };
  }

  /**
   * Stops the active recording. Resolves when its file is complete and `recording.completed` (or `recording.failed`) is
   * committed; also for a recording that is already ending. Rejects with `recording_not_started` if there is none, and with
   * `recording_stop_failed` if the end cannot be written.
   */
  async stop(by: 'stop_recording' | 'api'): Promise<RecordingRecord> {
    const last = this.#recordings.at(-1);
    if (!last || last.isOver) throw notStarted();
    last.end(by);
    return last.over;
  }

  /** Reports a `stop_recording` action without a recording as an event. A REST request gets an error instead. */
  async reportNotStarted(): Promise<void> {
    const event = notStartedEvent(this.#call.record, this.#call.now());
    await this.#deps.journal.commit({ events: [event], timeline: [timelineEntry(event)] });
  }

  /**
   * Keeps the sound out of the file from now on: as silence, or skipped. Rejects with `recording_not_started`.
   */
  async pause(mode: 'silence' | 'skip'): Promise<RecordingRecord> {
    const recording = this.#mustBeActive();
    await recording.pause(mode);
    return recording.record;
  }

  /** Pauses a running recording with silence. @returns false if there is none or it is already paused. */
  async silence(): Promise<boolean> {
    return (await this.#active?.pause('silence')) ?? false;
  }

  /** Resumes a paused recording; does nothing if it is not paused. Rejects with `recording_not_started`. */
  async resume(): Promise<RecordingRecord> {
    const recording = this.#mustBeActive();
    await recording.resume();
    return recording.record;
  }

  /**
   * Ends all recordings with the call; no other can start. Resolves when all final events are committed, so that they
   * precede the final event of the call. Never rejects.
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

  /** `rec_` and the call id; from the second on with a number. */
  #nextId(): string {
    const number = this.#recordings.length + 1;
    return `rec_${this.#call.record.id}${number > 1 ? `_${number}` : ''}`;
  }
}

const notStarted = () => new Failure('recording_not_started', 'recording is not currently started');
