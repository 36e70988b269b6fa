import { type Clock, explain, type Log, Scope } from '../core/index.ts';
import { type CallRecord, durations } from './call.ts';
import { type Ending, finalOf } from './ending.ts';
import { Hush, type Hushed } from './hush.ts';
import type { CallJournal, EventDraft, Leg, RepeatKey } from './ports.ts';
import { SensitiveCalls } from './sensitive-calls.ts';

/** What a session needs of its surroundings. */
export interface SessionPorts {
  journal: CallJournal;
  clock: Clock;
  log: Log;
  /** How long a call may last from its answer on, in seconds; 0 or left out: as long as it likes. */
  maxSeconds?: number;
  /** What callers entered in secret, shared with whoever stores what others say of a call. */
  sensitive?: SensitiveCalls;
  /** The caller's number comes from one of the operator's trunks. */
  isCallerTrusted?: boolean;
}

/**
 * One call while it lives: who it is, where it stands, what it has opened, and its one ending. What a call can
 * *do* is not here: that is a function over its leg, a file each.
 */
export class Session {
  readonly leg: Leg;
  readonly log: Log;
  readonly isCallerTrusted: boolean;
  /** Whatever is opened for the call is closed with this, in reverse order; hangup aborts its signal. */
  readonly scope = new Scope();
  #hush: Hush;
  #journal: CallJournal;
  #clock: Clock;
  #epoch: number;
  #maxSeconds: number;
  #sensitive: SensitiveCalls;
  #record: CallRecord;
  /** Rejected where the call could not be written, and is none. */
  #created: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(record: CallRecord, leg: Leg, ports: SessionPorts) {
    this.leg = leg;
    this.#hush = new Hush(leg.sound);
    this.#sensitive = ports.sensitive ?? new SensitiveCalls(ports.clock);
    this.log = maskedLog(ports.log.child({ call_id: record.id }), (data) => this.mask(data));
    this.isCallerTrusted = ports.isCallerTrusted ?? false;
    this.#record = record;
    this.#journal = ports.journal;
    this.#clock = ports.clock;
    this.#maxSeconds = ports.maxSeconds ?? 0;
    this.#epoch = record.createdAt - ports.clock.monotonic();
    this.scope.defer(() => leg.hangup());
  }

  get id(): string {
    return this.#record.id;
  }

  /** The call as it is now. Never changed in place: a value once taken stays as it was. */
  get record(): CallRecord {
    return this.#record;
  }

  /** What must not leave the house now. */
  get hushed(): Hushed {
    return this.#hush.now;
  }

  get answered(): boolean {
    return this.#record.answeredAt !== null;
  }

  /** Milliseconds since 1970, by a clock that began with the call and does not jump with the machine's. */
  now(): number {
    return Math.round(this.#epoch + this.#clock.monotonic());
  }

  /** Writes the call for the first time; rejects when that cannot be done now, and then there is no call. */
  create(repeatKey?: RepeatKey): Promise<void> {
    const events = [this.draft('call.created', {})];
    this.#created = this.#journal.commit({ call: this.#record, events, repeatKey, refusable: true });
    return this.#created;
  }

  /** Writes the call as it is now, together with the event that reports it. */
  async report(event: string, data: Record<string, unknown> = {}): Promise<void> {
    await this.#journal.commit({ call: this.#record, events: [this.draft(event, data)] });
  }

  /** An event about the call as it is at this moment, for who commits it with a change of his own. */
  draft(event: string, data: Record<string, unknown>): EventDraft {
    return { event, at: this.now(), call: this.#record, data: this.#masked(data) };
  }

  /** From now on this value is masked wherever something of the call is stored or logged. */
  addSensitive(value: string): void {
    this.#sensitive.add(this.id, value);
  }

  /** The data with everything in it masked that the caller entered in secret. */
  mask<T>(data: T): T {
    return this.#sensitive.of(this.id)?.maskDeep(data) ?? data;
  }

  /** Whether something that the caller entered in secret is in the text. */
  isSensitive(text: string): boolean {
    return this.#sensitive.of(this.id)?.isIn(text) ?? false;
  }

  /**
   * Keeps sound out of streams: all of it, or what the caller says and presses; that is in no file then either. All of
   * it is kept out of the files and streams of other calls, too, as far as it is the caller's.
   * @param by who wants it: it stays so while anybody does.
   */
  hush(what: keyof Hushed, on: boolean, by: object = this): void {
    this.#hush.set(what, on, by);
  }

  /** Adds a line to the call's timeline. Never fails the call: what cannot be written is logged. */
  note(kind: string, data: Record<string, unknown>): void {
    const entry = { callId: this.id, at: this.now(), kind, data: this.#masked(data) };
    this.#journal
      .commit({ timeline: [entry] })
      .catch((error) => this.log.error({ kind, error: explain(error) }, 'the timeline could not be written'));
  }

  /** The far end of a call that we place rings. */
  async ring(): Promise<void> {
    if (this.#record.status !== 'dialing') return;
    this.#change({ status: 'ringing', ringingAt: this.now() });
    await this.#journal.commit({ call: this.#record });
  }

  /** The caller is connected: the call is in progress from now on. */
  async begin(): Promise<void> {
    this.#change({ status: 'in_progress', answeredAt: this.now() });
    this.#limit();
    await this.report('call.answered');
  }

  /** Variables are in every later event and request. */
  setVariables(variables: Record<string, string>): Promise<void> {
    this.#change({ variables: this.mask(variables) });
    return this.#journal.commit({ call: this.#record });
  }

  /**
   * Ends the call: the first ending counts, whoever brings it, and every later one waits for the same end.
   * What the call has opened is closed first, so a recording's event comes before the call's last.
   */
  end(ending: Ending): Promise<void> {
    if (!this.#ended) {
      this.#ended = this.#finish(ending);
      // Whoever waits is told of what fails, but nobody has to wait.
      this.#ended.catch(() => {});
    }
    return this.#ended;
  }

  /** A call whose end nobody tells must not go on for ever. */
  #limit(): void {
    if (this.#maxSeconds === 0) return;
    const timer = this.#clock.after(this.#maxSeconds * 1000, () => this.leg.hangup('max_duration'));
    this.scope.defer(() => timer.cancel());
  }

  async #finish(ending: Ending): Promise<void> {
    const endedAt = this.now();
    await this.scope.close(ending).catch((error) => {
      this.log.error({ error: explain(error) }, 'something of the call could not be closed');
    });
    // Whoever hangs up while his call is being refused ends no call.
    const created = await this.#created.then(
      () => true,
      () => false,
    );
    if (!created) return;
    const { event, ...final } = finalOf(ending);
    this.#change({ ...final, error: this.mask(final.error), endedAt });
    const { durationSeconds, billsecSeconds } = durations(this.#record);
    await this.report(event, {
      reason: final.reason,
      ended_by: final.endedBy,
      duration_seconds: durationSeconds,
      billsec_seconds: billsecSeconds,
      ...(final.sipStatus ? { sip_status: final.sipStatus } : {}),
      ...(final.error ? { error: final.error } : {}),
    });
    const told = { status: final.status, reason: final.reason, seconds: durationSeconds };
    if (this.answered && ending.kind === 'failed' && ending.blame !== 'customer')
      this.log.warn({ ...told, error: ending.error.message }, 'call cut off');
    else this.log.info(told, 'call ended');
  }

  /** Ids and keys are ours: digits in them are nobody's secret. */
  #masked(data: Record<string, unknown>): Record<string, unknown> {
    const entries = Object.entries(data);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, OURS.test(name) ? value : this.mask(value)]),
    );
  }

  #change(patch: Partial<CallRecord>): void {
    this.#record = { ...this.#record, ...patch };
  }
}

const OURS = /(_id|_key|^sha256|^sealed_digits)$/;

function maskedLog(log: Log, mask: <T>(data: T) => T): Log {
  return {
    debug: (fields, message) => log.debug(mask(fields), message),
    info: (fields, message) => log.info(mask(fields), message),
    warn: (fields, message) => log.warn(mask(fields), message),
    error: (fields, message) => log.error(mask(fields), message),
    child: (fields) => maskedLog(log.child(fields), mask),
  };
}
