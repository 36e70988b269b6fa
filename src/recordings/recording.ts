import type { CallRecord, EventDraft, Session, TimelineEntry } from '../calls/index.ts';
import { detach, explain, Failure } from '../core/index.ts';
import type { Tap, TapEnd, TapGap } from '../media/index.ts';
import { mp3Beside, type RecordingFiles } from './files.ts';
import type { Finished, Finisher } from './finisher.ts';
import { gapsWithin } from './gaps.ts';
import { type Input, isActive, type Outcome, type State, step } from './lifecycle.ts';
import { recordingEvent } from './recording-events.ts';
import type { RecordingJournal, RecordingRecord } from './store.ts';

/** What a recording needs of its call. */
export type RecordedCall = Pick<Session, 'leg' | 'record' | 'log' | 'now' | 'hush'>;

/** What a recording needs of the house. */
export interface RecordingPorts {
  journal: RecordingJournal;
  files: RecordingFiles;
  finisher: Finisher;
}

export interface RecordingOptions {
  /** 2: the caller left, everything the caller hears right. */
  channels: 1 | 2;
  format: 'wav' | 'mp3';
  maxSeconds: number;
}

/** Who stopped a recording, in the contract's words. */
export type StoppedBy = 'stop_recording' | 'api' | 'hangup';

/** Telephone sound. */
const RATE = 8000;

/**
 * One recording from its start to its one terminal event. `lifecycle.ts` says what an input means in which
 * state; this class does what follows from it. It never throws but where it says so.
 */
export class Recording {
  #call: RecordedCall;
  #ports: RecordingPorts;
  #options: RecordingOptions;
  #state: State = 'starting';
  #record: RecordingRecord;
  #tap: Tap | undefined;
  #begun: Promise<void> | undefined;
  /** Events that could not be written yet go with the next change, so that none is lost. */
  #unwritten: EventDraft[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Settles when what is left out so far is in the store. */
  #gapsKept: Promise<void> = Promise.resolve();
  #over = Promise.withResolvers<RecordingRecord>();
  #isOver = false;

  constructor(id: string, options: RecordingOptions, call: RecordedCall, ports: RecordingPorts) {
    this.#call = call;
    this.#ports = ports;
    this.#options = options;
    this.#record = blank(id, options, call.record, call.now());
    this.#over.promise.catch(() => {});
  }

  /** As it is now; a value once taken stays as it was. */
  get record(): RecordingRecord {
    return this.#record;
  }

  /** A stop, a pause or another start means this one. */
  get active(): boolean {
    return isActive(this.#state);
  }

  /**
   * Resolves after the terminal event is committed. Rejects with `recording_stop_failed` when that could not be
   * written: the next start of the program then finishes the recording.
   */
  get over(): Promise<RecordingRecord> {
    return this.#over.promise;
  }

  /** Nothing more happens to it: a stop no longer means it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Opens the file; resolves when frames go into it. Rejects with `recording_start_failed`, which is reported. */
  begin(): Promise<void> {
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  /** Ends it, whatever it is at; the first cause counts. */
  end(by: StoppedBy): void {
    detach('recordings.end', this.#apply(by === 'hangup' ? 'hangup' : 'stop', by));
  }

  /** @returns false where it was paused already, or is over. */
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
      const file = await this.#ports.files.place(this.#record.id, this.#record.createdAt);
      const { channels, maxSeconds } = this.#options;
      const path = this.#ports.files.path(file);
      this.#tap = await this.#call.leg.sound.tap({ path, channels, maxSeconds });
      // By the clock of the call, as its other times are: the media thread's may have been set since it began.
      this.#change({ file, startedAt: this.#call.now(), gaps: this.#tap.gaps });
      this.#tap.gapped.on((gaps) => this.#keepGaps(gaps));
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

  /** Makes the step that an input means, and does what comes of it. */
  #apply(input: Input, how: string = input): Promise<unknown> {
    const [next, ...outcomes] = step(this.#state, input);
    if (this.active && !isActive(next)) this.#change({ endedBy: how });
    this.#state = next;
    return Promise.all(outcomes.map((outcome) => this.#do(outcome, how)));
  }

  #do(outcome: Outcome, how: string): Promise<unknown> | undefined {
    switch (outcome) {
      case 'pause_tap':
        // What is kept out of the file is kept out of streams too.
        this.#call.hush('everything', true, this);
        return this.#tap?.pause(how as 'silence' | 'skip').then(() => this.#gapsKept);
      case 'resume_tap':
        return this.#tap?.resume().then(() => {
          this.#liftHush();
          return this.#gapsKept;
        });
      case 'close_tap':
        // Its end is told by `tap.ended`, as every end of it.
        detach('recordings.recording', this.#tap?.stop());
        return;
      case 'report_started':
        return this.#report({ status: 'started' }).catch((error) => {
          this.#call.log.error({ error: explain(error) }, 'recording.started waits for the store');
        });
      case 'report_completed':
        return this.#reportEnd({ status: 'completed' });
      case 'report_failed':
        this.#complain();
        return this.#reportEnd({ status: 'failed' });
    }
  }

  /** The application is told by an event; a disk that is full is for the operator to see. */
  #complain(): void {
    const { id, error } = this.#record;
    this.#call.log.warn({ recording: id, code: error?.code, error: error?.message }, 'a recording failed');
  }

  /** Not before the tap has turned: what was said until then may still be on its way to the streams. */
  #liftHush(): void {
    if (this.#state !== 'paused') this.#call.hush('everything', false, this);
  }

  /** The tap has closed its file, for whatever cause. */
  async #closed(end: TapEnd): Promise<void> {
    this.#call.hush('everything', false, this);
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
      const { finisher, files } = this.#ports;
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

  /** While the end is not committed, the file as recorded is what recovery starts from. */
  async #removeAfterCommit(wav: string): Promise<void> {
    await this.over
      .then(() => this.#ports.journal.written())
      .then(() => this.#ports.files.remove(wav))
      .catch((error) => {
        this.#call.log.warn({ file: wav, error: explain(error) }, 'the file as recorded was left in place');
      });
  }

  async #reportEnd(change: Partial<RecordingRecord>): Promise<void> {
    try {
      await this.#report(change);
      this.#over.resolve(this.#record);
    } catch (error) {
      this.#call.log.error({ error: explain(error) }, 'the end of a recording could not be written');
      const message = 'the end of the recording could not be written';
      this.#over.reject(new Failure('recording_stop_failed', message, { cause: error }));
    } finally {
      this.#isOver = true;
    }
  }

  /** The change and its event in one commit, one after the other. */
  #report(change: Partial<RecordingRecord>): Promise<void> {
    this.#change(change);
    return this.#write([recordingEvent(this.#record, this.#call.record)]);
  }

  /** What a recovery could not know: which part of the file says nothing on purpose. */
  #keepGaps(gaps: TapGap[]): void {
    if (this.#record.status !== 'started') return;
    this.#change({ gaps });
    this.#gapsKept = this.#write([]).catch((error) => {
      this.#call.log.warn({ error: explain(error) }, 'the gaps of a recording could not be written');
    });
  }

  /** The record as it is now, with events of its own and those that could not be written before. */
  #write(own: EventDraft[]): Promise<void> {
    const recording = this.#record;
    this.#writing = this.#writing
      .catch(() => {})
      .then(() => {
        const events = [...this.#unwritten, ...own];
        this.#unwritten = [];
        const timeline = events.map(entryOf);
        const change = { recording, events, timeline, ...this.#obsolete(recording) };
        return this.#ports.journal.commit(change).catch((error) => {
          this.#unwritten = events;
          throw error;
        });
      });
    return this.#writing;
  }

  /** The WAV file that an MP3 was made of: it goes when the end is written. */
  #obsolete({ status, file }: RecordingRecord): { obsoleteFile?: string } {
    const isEncoded = status !== 'started' && file.endsWith('.mp3');
    return isEncoded ? { obsoleteFile: file.replace(/\.mp3$/, '.wav') } : {};
  }

  #change(change: Partial<RecordingRecord>): void {
    this.#record = { ...this.#record, ...change, updatedAt: this.#call.now() };
  }
}

/** The event as a line of the call's story. */
export function entryOf({ call, at, event, data }: EventDraft): TimelineEntry {
  return { callId: call.id, at, kind: 'recording', data: { event, ...data } };
}

/** What the finished file makes of the record. */
export function savedAs(wav: string, finished: Finished): Partial<RecordingRecord> {
  return { ...finished, file: finished.format === 'mp3' ? mp3Beside(wav) : wav };
}

/** A recording that begins now. */
export function blank(
  id: string,
  options: Pick<RecordingOptions, 'format' | 'channels'>,
  call: CallRecord,
  now: number,
): RecordingRecord {
  return {
    id,
    callId: call.id,
    customerId: call.customerId,
    applicationId: call.applicationId,
    providerCallId: call.providerCallId,
    status: 'started',
    storageType: 'local',
    file: '',
    format: options.format,
    channels: options.channels,
    sampleRate: RATE,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    endedAt: null,
    endedBy: null,
    durationMs: 0,
    sizeBytes: 0,
    sha256: null,
    gaps: [],
    recovered: false,
    error: null,
  };
}
