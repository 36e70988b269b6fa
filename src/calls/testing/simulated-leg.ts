import { type Clock, Failure, Signal, sleep } from '../../core/index.ts';
import {
  type AudioClip,
  type AudioStream,
  type DialledLeg,
  DialRefusal,
  type Digit,
  type Leg,
  type LegEnd,
  type RefusalReason,
  type Tap,
  type TapEnd,
  type TapOptions,
} from '../index.ts';

/** A leg without a line: sounds take their time on the given clock, and a test plays the far end. */
export class SimulatedLeg implements Leg {
  readonly id: string = '6f1c3a52-3d0e-4b53-9a57-9d1f0c6b8f10';
  readonly digits = new Signal<Digit>();
  readonly held = new Signal<boolean>();
  readonly ended: Promise<LegEnd>;
  /** What the far end saw and heard, in order: `ringing`, `answered`, `heard 1.5 s`, `refused busy`, `hung up`. */
  readonly seen: string[] = [];
  /** The room that it is in. */
  room: string | undefined;
  #clock: Clock;
  #over = new AbortController();
  #resolve!: (end: LegEnd) => void;
  #playing: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  ring(): void {
    this.seen.push('ringing');
  }

  async answer(): Promise<void> {
    this.#over.signal.throwIfAborted();
    this.seen.push('answered');
  }

  refuse(reason: RefusalReason): void {
    this.seen.push(`refused ${reason}`);
    this.end({ by: 'application', reason });
  }

  async hangup(reason?: string): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.seen.push('hung up');
    this.end(reason ? { by: 'system', reason } : { by: 'application', reason: 'normal' });
  }

  async play(sounds: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    this.#playing?.abort();
    const playing = new AbortController();
    this.#playing = playing;
    const until = AbortSignal.any([playing.signal, this.#over.signal, ...(signal ? [signal] : [])]);
    const started = this.#clock.monotonic();
    let outcome: 'finished' | 'stopped' = 'finished';
    for await (const { samples } of sounds) {
      outcome = await sleep(this.#clock, samples.length / 8, until).then(
        () => 'finished' as const,
        () => 'stopped' as const,
      );
      if (outcome === 'stopped') break;
    }
    const seconds = (this.#clock.monotonic() - started) / 1000;
    this.seen.push(`heard ${seconds} s${outcome === 'stopped' ? ', cut short' : ''}`);
    return outcome;
  }

  async tap(_options: TapOptions): Promise<Tap> {
    if (this.#over.signal.aborted) throw new Failure('call_ended', 'The leg has ended.');
    const end: TapEnd = { cause: 'stopped', samples: 0, gaps: [] };
    const stop = async () => end;
    return {
      startedAt: this.#clock.now(),
      gapped: new Signal(),
      gaps: [],
      pause: async () => {},
      resume: async () => {},
      stop,
      ended: stop(),
    };
  }

  redact(on: boolean): void {
    this.seen.push(on ? 'redacted' : 'no longer redacted');
  }

  withhold(on: boolean): void {
    this.seen.push(on ? 'withheld' : 'no longer withheld');
  }

  async sendDigits(digits: string, signal?: AbortSignal): Promise<void> {
    await sleep(this.#clock, digits.length * 200, signal);
    this.seen.push(`was sent ${digits}`);
  }

  enter(room: string, { muted = false } = {}): void {
    this.room = room;
    this.seen.push(`entered ${muted ? 'muted' : 'speaking'}`);
  }

  leave(): void {
    if (this.room === undefined) return;
    this.room = undefined;
    this.seen.push('left');
  }

  hold(music: AudioClip | null): void {
    this.seen.push(music ? 'held' : 'resumed');
  }

  mute({ read, write }: { read: boolean; write: boolean }): void {
    this.seen.push(`muted ${[read && 'read', write && 'write'].filter(Boolean).join(' and ') || 'nothing'}`);
  }

  stream(): AudioStream {
    const frames = new Signal<{ track: 'inbound' | 'outbound'; payload: Uint8Array }>();
    return { frames, play() {}, clear() {}, drained: async () => 'heard', close() {} };
  }

  /** What the far end makes of a REFER: it calls the target at once unless a test says otherwise. */
  onRefer: (signal: AbortSignal) => Promise<void> = async () => {};

  async refer(target: string, signal: AbortSignal): Promise<void> {
    this.seen.push(`was referred to ${target}`);
    await this.onRefer(signal);
  }

  /** The far end presses keys. */
  press(digits: string): void {
    for (const digit of digits) this.digits.emit({ digit, durationMs: 100 });
  }

  /** The far end hangs up. */
  farEndHangsUp(): void {
    this.end({ by: 'far_end', reason: 'normal' });
  }

  protected end(end: LegEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#resolve(end);
  }
}

/** A leg that is dialled: a test lets its far end ring, answer or refuse. */
export class SimulatedDialledLeg extends SimulatedLeg implements DialledLeg {
  readonly progress = new Signal<'ringing' | 'early_media'>();
  #answered = Promise.withResolvers<void>();

  constructor(clock: Clock, options: { timeoutMs: number; signal: AbortSignal }) {
    super(clock);
    this.#answered.promise.catch(() => {});
    const timer = clock.after(options.timeoutMs, () => this.farEndRefuses('no_answer', 408));
    options.signal.addEventListener('abort', () => this.farEndRefuses('canceled', 487), { once: true });
    void this.#answered.promise.finally(() => timer.cancel()).catch(() => {});
  }

  override async answer(): Promise<void> {
    await this.#answered.promise;
    this.seen.push('answered');
  }

  farEndAnswers(): void {
    this.#answered.resolve();
  }

  farEndRefuses(code: string, sipStatus: number): void {
    const cause = new DialRefusal(sipStatus, code);
    this.#answered.reject(new Failure(code, `The far end refused: ${code}.`, { cause }));
  }
}
