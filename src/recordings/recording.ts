import type { EventDraft, Session } from '../calls/index.ts';
import { detach, explain, Failure } from '../core/index.ts';
import type { Tap, TapEnd, TapGap } from '../media/index.ts';
import type { RecordingFiles } from './files.ts';
import type { Finisher } from './finisher.ts';
import { type Effect, type Input, isActive, type State, step } from './lifecycle.ts';
import { gapsWithin, newRecord, RATE, savedAs } from './record.ts';
import { recordingEvent, timelineEntry } from './recording-events.ts';
import type { RecordingJournal, RecordingRecord } from './store.ts';

/** What a recording needs from its call. */
export type RecordedCall = Pick<Session, 'leg' | 'record' | 'log' | 'now' | 'holdBack'>;

/** What a recording needs from other modules. */
export interface RecordingDeps {
  journal: RecordingJournal;
  files: RecordingFiles;
  finisher: Finisher;
}

/** Options of `start_recording`. */
export interface RecordingOptions {
  /** 2: the caller on the left, everything the caller hears on the right. */
  channels: 1 | 2;
  format: 'wav' | 'mp3';
  maxSeconds: number;
}

/** The cause of a stop, in the terms of the contract. */
export type StoppedBy = 'stop_recording' | 'api' | 'hangup';

/**
 * One recording from its start to its final event. `lifecycle.ts` defines the effects of each input; this class carries them
 * out. Methods throw only where documented.
 */
export class Recording {
  #call: RecordedCall;
  #deps: RecordingDeps;
  #options: RecordingOptions;
  #state: State = 'starting';
  #record: RecordingRecord;
  #tap: Tap | undefined;
  #begun: Promise<void> | undefined;
  /** Events that could not be written yet; they go with the next change. */
  #unwritten: EventDraft[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Settles when the gaps so far are stored. */
  #gapsStored: Promise<void> = Promise.resolve();
  #over = Promise.withResolvers<RecordingRecord>();
  #isOver = false;

  constructor(id: string, options: RecordingOptions, call: RecordedCall, deps: RecordingDeps) {
    this.#call = call;
    this.#deps = deps;
    this.#options = options;
    this.#record = newRecord(id, options, call.record, call.now());
    this.#over.promise.catch(() => {});
  }

  /** An immutable snapshot of the record. */
  get record(): RecordingRecord {
    return this.#record;
  }

  /** Whether a stop, a pause or another start refers to this recording. */
  get active(): boolean {
    return isActive(this.#state);
  }

  /**
   * Resolves after the final event is committed. Rejects with `recording_stop_failed` if it could not be written: the next
   * start of the program then finishes the recording.
   */
  get over(): Promise<RecordingRecord> {
    return this.#over.promise;
  }

  /** Whether the recording has ended, so that a stop no longer refers to it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Opens the file and resolves when frames are written. Rejects with `recording_start_failed`, which is reported. */
  begin(): Promise<void> {
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  /** Ends the recording in any state; the first cause counts. */
  end(by: StoppedBy): void {
    detach('recordings.end', this.#apply(by === 'hangup' ? 'hangup' : 'stop', by));
  }

  /** Pauses the recording. @returns false if it is already paused or over. */
  async pause(mode: 'silence' | 'skip'): Promise<boolean> {
    await this.#begun;
    if (this.#state !== 'recording') return false;
    await this.#apply('pause', mode);
    return true;
  }

  async resume(): Promise<void> {
    await this.#begun;
    await this.#apply('resume');
  }

  async #begin(): Promise<void> {
    try {
      const file = await this.#deps.files.place(this.#record.id, this.#record.createdAt);
      const { channels, maxSeconds } = this.#options;
      const path = this.#deps.files.path(file);
      this.#tap = await this.#call.leg.sound.tap({ path, channels, maxSeconds });
      // Uses the clock of the call, as for its other times: the clock of the media thread may differ.
      this.#change({ file, startedAt: this.#call.now(), gaps: this.#tap.gaps });
      this.#tap.gapped.on((gaps) => this.#storeGaps(gaps));
    } catch (error) {
      this.#change({ error: { code: 'recording_start_failed', message: explain(error) } });
      await this.#apply('start_error');
      throw new Failure('recording_start_failed', 'the recording could not be started', { cause: error });
    }
    detach(
      'recordings.recording',
      this.#tap.ended.then((end) => this.#closed(end)),
    );
    await this.#apply('begun');
  }

  /** Makes the step of an input and carries out its effects. */
  #apply(input: Input, how: string = input): Promise<unknown> {
    const [next, ...effects] = step(this.#state, input);
    if (this.active && !isActive(next)) this.#change({ endedBy: how });
    this.#state = next;
    return Promise.all(effects.map((effect) => this.#do(effect, how)));
  }

  #do(effect: Effect, how: string): Promise<unknown> | undefined {
    switch (effect) {
      case 'pause_tap':
        // Sound that is kept out of the file is kept out of streams too.
        this.#call.holdBack('everything', true, this);
        return this.#tap?.pause(how as 'silence' | 'skip').then(() => this.#gapsStored);
      case 'resume_tap':
        return this.#tap?.resume().then(() => {
          this.#releaseHold();
          return this.#gapsStored;
        });
      case 'close_tap':
        // `tap.ended` reports the end, whatever its cause.
        detach('recordings.recording', this.#tap?.stop());
        return;
      case 'report_started':
        return this.#report({ status: 'started' }).catch((error) => {
          this.#call.log.error(
            { error: explain(error) },
            'could not write recording.started yet; it is written with the next change',
          );
        });
      case 'report_completed':
        return this.#reportEnd({ status: 'completed' });
      case 'report_failed':
        this.#logFailure();
        return this.#reportEnd({ status: 'failed' });
    }
  }

  /** Logs the failure for the operator; an event reports it to the application. */
  #logFailure(): void {
    const { id, error } = this.#record;
    this.#call.log.warn({ recording: id, code: error?.code, error: error?.message }, 'a recording failed');
  }

  /** Called after the tap resumed: sound from before may still be in transit to the streams. */
  #releaseHold(): void {
    if (this.#state !== 'paused') this.#call.holdBack('everything', false, this);
  }

  /** Handles the end of the tap, whatever its cause. */
  async #closed(end: TapEnd): Promise<void> {
    this.#call.holdBack('everything', false, this);
    const endedAt = this.#call.now();
    if (end.cause === 'write_failed') {
      this.#change({ error: { code: 'recording_write_failed', message: end.error ?? 'the write failed' } });
      await this.#apply('write_error');
    }
    if (end.cause === 'max_reached') await this.#apply('max_seconds');
    if (end.cause === 'closed') await this.#apply('hangup');
    const durationMs = Math.floor(end.samples / (RATE / 1000));
    this.#change({ endedAt, durationMs, gaps: gapsWithin(end.gaps, durationMs) });
    await this.#save();
  }

  async #save(): Promise<void> {
    const wav = this.#record.file;
    try {
      const { finisher, files } = this.#deps;
      const finished = await finisher.finish(files.path(wav), this.#options.format, this.#record.customerId);
      this.#change(savedAs(wav, finished));
    } catch (error) {
      const message = `the file cannot be read: ${explain(error)}`;
      if (!this.#record.error) this.#change({ error: { code: 'recording_write_failed', message } });
      await this.#apply('unsaved');
      return;
    }
    await this.#apply('saved');
    if (this.#record.file !== wav) await this.#removeAfterCommit(wav);
  }

  /** Removes the WAV file of an MP3 after the commit: until then, recovery needs it. */
  async #removeAfterCommit(wav: string): Promise<void> {
    await this.over
      .then(() => this.#deps.journal.written())
      .then(() => this.#deps.files.remove(wav))
      .catch((error) => {
        this.#call.log.warn(
          { file: wav, error: explain(error) },
          'could not delete the WAV file of an MP3 recording',
        );
      });
  }

  async #reportEnd(change: Partial<RecordingRecord>): Promise<void> {
    try {
      await this.#report(change);
      this.#over.resolve(this.#record);
    } catch (error) {
      this.#call.log.error({ error: explain(error) }, 'could not write the end of a recording');
      const message = 'could not write the end of the recording';
      this.#over.reject(new Failure('recording_stop_failed', message, { cause: error }));
    } finally {
      this.#isOver = true;
    }
  }

  /** Commits a change and its event together. */
  #report(change: Partial<RecordingRecord>): Promise<void> {
    this.#change(change);
    return this.#write([recordingEvent(this.#record, this.#call.record)]);
  }

  /** Stores the gaps, so that a recovery knows which silence is deliberate. */
  #storeGaps(gaps: TapGap[]): void {
    if (this.#record.status !== 'started') return;
    this.#change({ gaps });
    this.#gapsStored = this.#write([]).catch((error) => {
      this.#call.log.warn({ error: explain(error) }, 'could not write the gaps of a recording');
    });
  }

  /** Commits the current record with the given events and those that could not be written before. */
  #write(own: EventDraft[]): Promise<void> {
    const recording = this.#record;
    this.#writing = this.#writing
      .catch(() => {})
      .then(() => {
        const events = [...this.#unwritten, ...own];
        this.#unwritten = [];
        const timeline = events.map(timelineEntry);
        const change = { recording, events, timeline, ...this.#obsolete(recording) };
        return this.#deps.journal.commit(change).catch((error) => {
          this.#unwritten = events;
          throw error;
        });
      });
    return this.#writing;
  }

  /** The WAV file that an MP3 replaces. */
  #obsolete({ status, file }: RecordingRecord): { obsoleteFile?: string } {
    const isEncoded = status !== 'started' && file.endsWith('.mp3');
    return isEncoded ? { obsoleteFile: file.replace(/\.mp3$/, '.wav') } : {};
  }

  #change(change: Partial<RecordingRecord>): void {
    this.#record = { ...this.#record, ...change, updatedAt: this.#call.now() };
  }
}
