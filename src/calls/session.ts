import { type Clock, explain, Failure, type Log, Scope } from '../core/index.ts';
import { type CallRecord, durations } from './call.ts';
import { type Ending, endData, finalOf } from './ending.ts';
import type { CallJournal, EventDraft, IdempotencyKey, Leg } from './ports.ts';
import { type HeldBack, maskedFields, maskedLog, PrivacyHold, SensitiveCalls } from './privacy.ts';

/** What a session needs from other modules. */
export interface SessionDeps {
  journal: CallJournal;
  clock: Clock;
  log: Log;
  /** The longest call in seconds, from its answer; default 0: unlimited. */
  maxSeconds?: number;
  /** The sensitive values of all calls, shared with everything that stores texts about calls. */
  sensitive?: SensitiveCalls;
  /** The call came in on one of the operator's trunks, so the caller's number is reliable. */
  isCallerTrusted?: boolean;
}

/** Why the waits of a call are aborted. One for all: creating it for each call costs 5 µs. */
const CALL_ENDED = new Failure('call_ended', 'the call has ended');

/**
 * A live call: its identity, state, leg, scope and ending. What a call can *do* is elsewhere: every action is a
 * function over the leg.
 */
export class Session {
  readonly leg: Leg;
  readonly log: Log;
  readonly isCallerTrusted: boolean;
  /** Closes everything that was opened for the call, in reverse order. A hangup aborts its signal. */
  readonly scope: Scope;
  #privacyHold: PrivacyHold;
  #journal: CallJournal;
  #clock: Clock;
  #epoch: number;
  #maxSeconds: number;
  #sensitive: SensitiveCalls;
  #record: CallRecord;
  /** Rejected when the call could not be written, and so does not exist. */
  #created: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(record: CallRecord, leg: Leg, deps: SessionDeps) {
    this.leg = leg;
    this.#privacyHold = new PrivacyHold(leg.sound);
    this.#sensitive = deps.sensitive ?? new SensitiveCalls(deps.clock);
    this.log = maskedLog(deps.log.child({ call_id: record.id }), (data) => this.mask(data));
    this.isCallerTrusted = deps.isCallerTrusted ?? false;
    this.#record = record;
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#maxSeconds = deps.maxSeconds ?? 0;
    this.#epoch = record.createdAt - deps.clock.monotonic();
    this.scope = new Scope({ clock: deps.clock, log: this.log });
    this.scope.defer('leg', () => leg.hangup());
  }

  get id(): string {
    return this.#record.id;
  }

  /** The call at the moment. Replaced, not changed, with every change. */
  get record(): CallRecord {
    return this.#record;
  }

  /** What is kept out of recordings and streams at the moment. */
  get heldBack(): HeldBack {
    return this.#privacyHold.heldBack;
  }

  get answered(): boolean {
    return this.#record.answeredAt !== null;
  }

  /** Milliseconds since 1970, by a clock that does not jump during the call. */
  now(): number {
    return Math.round(this.#epoch + this.#clock.monotonic());
  }

  /** Writes the call for the first time. If that rejects, there is no call. */
  create(idempotencyKey?: IdempotencyKey): Promise<void> {
    const events = [this.draft('call.created', {})];
    this.#created = this.#journal.commit({ call: this.#record, events, idempotencyKey, refusable: true });
    return this.#created;
  }

  /** Writes the call together with an event that reports its state. */
  async report(event: string, data: Record<string, unknown> = {}): Promise<void> {
    await this.#journal.commit({ call: this.#record, events: [this.draft(event, data)] });
  }

  /** An event about the call, to be committed together with another change. */
  draft(event: string, data: Record<string, unknown>): EventDraft {
    return { event, at: this.now(), call: this.#record, data: this.#masked(data) };
  }

  /** Masks this value from now on in everything about the call that is stored or logged. */
  addSensitive(value: string): void {
    this.#sensitive.add(this.id, value);
  }

  /** Masks the call's sensitive values in the data. */
  mask<T>(data: T): T {
    return this.#sensitive.of(this.id)?.maskDeep(data) ?? data;
  }

  /** Whether the text contains one of the call's sensitive values. */
  isSensitive(text: string): boolean {
    return this.#sensitive.of(this.id)?.isIn(text) ?? false;
  }

  /**
   * Keeps parts of the call out of streams; with `caller` out of recordings, too. With `everything`, the caller is also
   * kept out of the recordings and streams of other calls.
   * @param by identifies the holder: the part stays held back until all holders have released it.
   */
  holdBack(part: keyof HeldBack, on: boolean, by: object = this): void {
    this.#privacyHold.set(part, on, by);
  }

  /** Adds an entry to the call's timeline. Logs an error if it cannot be written. */
  note(kind: string, data: Record<string, unknown>): void {
    const entry = { callId: this.id, at: this.now(), kind, data: this.#masked(data) };
    this.#journal
      .commit({ timeline: [entry] })
      .catch((error) => this.log.error({ kind, error: explain(error) }, 'could not write the timeline'));
  }

  /** Records that the far end of an outbound call rings. */
  async markRinging(): Promise<void> {
    if (this.#record.status !== 'dialing') return;
    this.#change({ status: 'ringing', ringingAt: this.now() });
    await this.#journal.commit({ call: this.#record });
  }

  /** Records that the call was answered and is in progress. */
  async markAnswered(): Promise<void> {
    this.#change({ status: 'in_progress', answeredAt: this.now() });
    this.#limit();
    await this.report('call.answered');
  }

  /** Sets the variables, which every later event and request contains. */
  setVariables(variables: Record<string, string>): Promise<void> {
    this.#change({ variables: this.mask(variables) });
    return this.#journal.commit({ call: this.#record });
  }

  /**
   * Ends the call. The first ending counts; later calls wait for the same end. The scope is closed first, so that the
   * events of recordings precede the last event of the call.
   */
  end(ending: Ending): Promise<void> {
    if (!this.#ended) {
      this.#ended = this.#finish(ending);
      // Callers may ignore the returned promise.
      this.#ended.catch(() => {});
    }
    return this.#ended;
  }

  /** Ends the call after the longest permitted time. */
  #limit(): void {
    if (this.#maxSeconds === 0) return;
    const timer = this.#clock.after(this.#maxSeconds * 1000, () => this.leg.hangup('max_duration'));
    this.scope.defer('call limit', () => timer.cancel());
  }

  async #finish(ending: Ending): Promise<void> {
    const endedAt = this.now();
    await this.scope.close(CALL_ENDED).catch((error) => {
      this.log.error({ error: explain(error) }, 'could not close all resources of the call');
    });
    // A call that could not be written does not exist, so it has no end.
    const created = await this.#created.then(
      () => true,
      () => false,
    );
    if (!created) return;
    const { event, ...final } = finalOf(ending);
    this.#change({ ...final, error: this.mask(final.error), endedAt });
    await this.report(event, endData(this.#record));
    this.#logEnd(ending);
  }

  #logEnd(ending: Ending): void {
    const { status, reason } = this.#record;
    const fields = { status, reason, seconds: durations(this.#record).durationSeconds };
    if (this.answered && ending.kind === 'failed' && ending.blame !== 'customer')
      this.log.warn({ ...fields, error: ending.error.message }, 'call cut off');
    else this.log.info(fields, 'call ended');
  }

  #masked(data: Record<string, unknown>): Record<string, unknown> {
    return maskedFields(data, (value) => this.mask(value));
  }

  #change(patch: Partial<CallRecord>): void {
    this.#record = { ...this.#record, ...patch };
  }
}
