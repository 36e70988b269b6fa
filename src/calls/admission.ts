import { type Clock, Failure, type Log, type Timer } from '../core/index.ts';
import { CallQueue, type NextTurn } from './call-queue.ts';

/** Why new calls are refused. The text completes a log line or an error message. */
const CAUSES = {
  draining: 'the server is stopping',
  max_calls: 'the limit MINIVOICE_MAX_CALLS is reached',
  storage: 'the database cannot be written',
  ports: 'no port of MINIVOICE_RTP_PORTS could be opened',
  memory: 'memory is nearly exhausted',
  media: 'the media threads are late',
  main_thread: 'the main thread is overloaded',
};

export type RefusalCause = keyof typeof CAUSES;

export const REFUSAL_CAUSES = Object.keys(CAUSES) as RefusalCause[];

/** Explains a cause as a sentence without capital and full stop. */
export const explainRefusal = (cause: RefusalCause): string => CAUSES[cause];

/** Measurements of the process and the machine. They are read at most once a second, and only when one is needed. */
export interface Gauges {
  /** Milliseconds since the start in which the main thread was idle. */
  idleMs(): number;
  /** Live calls. */
  calls(): number;
  /** SIP messages received since the start. */
  messages(): number;
  /** Beats of the media threads since the start, and the late ones among them. */
  media(): { beats: number; lateBeats: number };
  /** The used part of the heap limit, 0 to 1, and the memory that the machine has left, in bytes. */
  memory(): { heapUsed: number; availableBytes: number };
  /** Whether changes to calls can be written. Default: always. */
  writable?(): boolean;
}

export interface AdmissionDeps extends Gauges {
  clock: Clock;
  log: Log;
  /** The highest number of live calls. */
  maxCalls: number;
  /** Default: that of this thread's event loop. */
  nextTurn?: NextTurn;
}

/** What is measured, since the start. */
interface Sample {
  at: number;
  idleMs: number;
  messages: number;
  /** Calls that have begun. */
  begun: number;
  beats: number;
  lateBeats: number;
}

/** The shortest time between two measurements. */
const SECOND_MS = 1_000;
/** An average over a longer time may include a time without calls, and does not show that the load is high now. */
const LONGEST_SAMPLE_MS = 2_000;
/** With fewer calls than this, calls are not what causes the load, and refusing some would not reduce it. */
const FEW_CALLS = 10;
/** An episode of refusals ends after this long without one. */
const EPISODE_MS = 5_000;
/** Above this part of the heap limit, garbage collection takes more time than calls. */
const HEAP_LIMIT = 0.85;
/** Below this, the operating system starts to end processes. */
const LEAST_AVAILABLE = 64 * 1024 * 1024;
/** From this utilization on, the main thread has no idle time. */
const NO_IDLE_TIME = 0.97;
/** Reading and refusing this many messages takes more time than setting up a call. */
const MESSAGES_OF_A_CALL = 50;

/**
 * Turns on when a value stays high, and off when it stays low. Two thresholds with delays keep it from switching
 * back and forth.
 */
class Hysteresis {
  isOn = false;
  #on: { from: number; afterMs: number };
  #off: { below: number; afterMs: number };
  #highMs = 0;
  #lowMs = 0;

  constructor(on: { from: number; afterMs: number }, off: { below: number; afterMs: number }) {
    this.#on = on;
    this.#off = off;
  }

  /** @param ms the time over which the value was measured. A value over more than `LONGEST_SAMPLE_MS` is never high. */
  measure(value: number, ms: number): void {
    const isHigh = value >= this.#on.from && ms <= LONGEST_SAMPLE_MS;
    this.#highMs = isHigh ? this.#highMs + ms : 0;
    this.#lowMs = value < this.#off.below ? this.#lowMs + ms : 0;
    if (this.isOn) this.isOn = this.#lowMs < this.#off.afterMs;
    else this.isOn = this.#highMs >= this.#on.afterMs;
  }
}

/**
 * Admits new calls while the machine has capacity for them, and otherwise refuses them with a cause. Running calls
 * are never touched.
 */
export class Admission {
  /** New calls refused since the start, by cause. */
  readonly refused: Partial<Record<RefusalCause, number>> = {};
  #deps: AdmissionDeps;
  #timer: Timer | undefined;
  #last: Sample;
  #busy = 0;
  #queue: CallQueue;
  /** Admitted calls that are not live yet. */
  #beginning = 0;
  /** Measures the late part of the beats. */
  #media = new Hysteresis({ from: 0.2, afterMs: 2000 }, { below: 0.05, afterMs: 3000 });
  /** Measures the used part of the memory. */
  #memory = new Hysteresis({ from: 1, afterMs: 1 }, { below: 0.9, afterMs: 2000 });
  /** Measures the messages per call while the main thread has no idle time. */
  #saturation = new Hysteresis(
    { from: MESSAGES_OF_A_CALL, afterMs: 2000 },
    { below: MESSAGES_OF_A_CALL / 2, afterMs: 1 },
  );
  /** Suspensions, with the monotonic time at which each ends. */
  #suspended = new Map<RefusalCause, number>();
  #episode: { cause: RefusalCause; at: number; refused: number } | undefined;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#queue = new CallQueue(deps.clock, deps.nextTurn);
    this.#last = this.#sample();
  }

  /** Why all or some new calls are refused now. Undefined: all are admitted. */
  get refusalCause(): RefusalCause | undefined {
    const cause = this.#refusal();
    if (cause || this.#episode?.cause !== 'main_thread') return cause;
    return this.#sinceRefusalMs < SECOND_MS ? 'main_thread' : undefined;
  }

  /** Main-thread utilization (0–1) between the last two measurements: a second apart while calls arrive, or hours. */
  get busy(): number {
    this.#measure();
    return this.#busy;
  }

  /** Admitted calls that wait for the main thread. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Whether even refusing calls overloads the main thread. Clients that get no response retransmit ever more slowly
   * (RFC 3261 §17.1.1.2).
   */
  get isSaturated(): boolean {
    this.#measure();
    return this.#saturation.isOn;
  }

  /** Asks to admit a new call. @returns undefined: admitted; otherwise why it is refused, which is counted. */
  admit(): RefusalCause | undefined {
    const cause = this.#refusal();
    if (cause) this.#countRefused(cause);
    return cause;
  }

  /**
   * Runs `start` when the main thread has time for an admitted call. The call counts as live until `start` has resolved.
   * @param canceled resolves when the caller gives up: the call then waits no longer.
   * @throws Failure `overloaded` if the server began to stop while the call waited.
   */
  async begin<T>(start: () => Promise<T>, canceled?: Promise<unknown>): Promise<T> {
    this.#beginning++;
    try {
      await this.#queue.turn(canceled);
      if (this.#suspended.has('draining')) {
        this.#countRefused('draining');
        throw new Failure('overloaded', `no call can begin now: ${CAUSES.draining}`);
      }
      return await start();
    } finally {
      this.#beginning--;
    }
  }

  /** Refuses all new calls for this cause, for `ms` or until `resume`. */
  suspend(cause: RefusalCause, ms = Number.POSITIVE_INFINITY): void {
    this.#suspended.set(cause, this.#deps.clock.monotonic() + ms);
  }

  /** Ends a suspension. Does nothing where there is none. */
  resume(cause: RefusalCause): void {
    this.#suspended.delete(cause);
  }

  /** Stops measuring. */
  close(): void {
    this.#timer?.cancel();
  }

  get #sinceRefusalMs(): number {
    return this.#deps.clock.monotonic() - (this.#episode?.at ?? Number.NEGATIVE_INFINITY);
  }

  #refusal(): RefusalCause | undefined {
    this.#measure();
    for (const [cause, until] of this.#suspended) {
      if (until > this.#deps.clock.monotonic()) return cause;
      this.#suspended.delete(cause);
    }
    if (this.#deps.writable?.() === false) return 'storage';
    const calls = this.#deps.calls() + this.#beginning;
    if (calls >= this.#deps.maxCalls) return 'max_calls';
    if (this.#memory.isOn) return 'memory';
    if (calls < FEW_CALLS) return undefined;
    if (this.#media.isOn) return 'media';
    return this.#queue.isFull ? 'main_thread' : undefined;
  }

  #countRefused(cause: RefusalCause): void {
    this.refused[cause] = (this.refused[cause] ?? 0) + 1;
    if (!this.#episode) {
      this.#deps.log.warn({ cause, calls: this.#deps.calls() }, `new calls are refused: ${CAUSES[cause]}`);
      this.#episode = { cause, at: 0, refused: 0 };
      this.#watch();
    }
    this.#episode.cause = cause;
    this.#episode.at = this.#deps.clock.monotonic();
    this.#episode.refused++;
  }

  #sample(): Sample {
    const { clock, idleMs, messages, media } = this.#deps;
    return {
      ...{ at: clock.monotonic(), idleMs: idleMs(), messages: messages(), begun: this.#queue.begun },
      ...media(),
    };
  }

  /** Measures everything that has no event of its own, if the last time was a second ago. */
  #measure(): void {
    const last = this.#last;
    if (this.#deps.clock.monotonic() - last.at < SECOND_MS) return;
    const now = this.#sample();
    this.#last = now;
    const ms = now.at - last.at;
    this.#busy = 1 - (now.idleMs - last.idleMs) / ms;
    const messagesPerCall = (now.messages - last.messages) / Math.max(1, now.begun - last.begun);
    this.#saturation.measure(this.#busy < NO_IDLE_TIME ? 0 : messagesPerCall, ms);
    this.#media.measure((now.lateBeats - last.lateBeats) / Math.max(1, now.beats - last.beats), ms);
    const { heapUsed, availableBytes } = this.#deps.memory();
    const used = Math.max(heapUsed / HEAP_LIMIT, LEAST_AVAILABLE / Math.max(1, availableBytes));
    // This value is not an average: it is that of now, however long ago the last one was read.
    this.#memory.measure(used, Math.min(ms, SECOND_MS));
    if (this.#media.isOn || this.#memory.isOn) this.#watch();
  }

  /** Measures every second during an episode, and while media or memory is overloaded, to notice the end of it. */
  #watch(): void {
    this.#timer ??= this.#deps.clock.after(SECOND_MS, () => {
      this.#timer = undefined;
      this.#measure();
      this.#endEpisode();
      if (this.#episode) this.#watch();
    });
  }

  #endEpisode(): void {
    if (!this.#episode || this.#sinceRefusalMs < EPISODE_MS || this.refusalCause) return;
    this.#deps.log.info({ refused: this.#episode.refused }, 'new calls are taken again');
    this.#episode = undefined;
  }
}
