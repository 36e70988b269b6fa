import { type Clock, Failure, Signal } from '../../core/index.ts';
import { type DialedLeg, DialRefusal, type Leg, type LegEnd, type RefusalReason } from '../index.ts';
import { SimulatedSound } from './simulated-sound.ts';

/** A leg without a SIP dialog: a test controls the far end. */
export class SimulatedLeg implements Leg {
  readonly id: string = '6f1c3a52-3d0e-4b53-9a57-9d1f0c6b8f10';
  readonly sound: SimulatedSound;
  readonly ended: Promise<LegEnd>;
  /** What the far end noticed, in order: `ringing`, `answered`, `heard 1.5 s`, `refused busy`, `hung up`. */
  readonly seen: string[] = [];
  #over = new AbortController();
  #resolve!: (end: LegEnd) => void;

  constructor(clock: Clock) {
    this.sound = new SimulatedSound(clock, this.#over.signal, this.seen);
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

  /** Handles a REFER; default: the far end calls the target at once. */
  onRefer: (signal: AbortSignal) => Promise<void> = async () => {};

  async refer(target: string, signal: AbortSignal): Promise<void> {
    this.seen.push(`was referred to ${target}`);
    await this.onRefer(signal);
  }

  /** The far end presses keys. */
  press(digits: string): void {
    for (const digit of digits) this.sound.digits.emit({ digit, durationMs: 100 });
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

/** A dialed leg: a test lets its far end ring, answer or refuse. */
export class SimulatedDialedLeg extends SimulatedLeg implements DialedLeg {
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
