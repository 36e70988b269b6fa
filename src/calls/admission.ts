import type { Clock, Log, Timer } from '../core/index.ts';
import { CallRateLimiter } from './call-rate-limiter.ts';

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

/** Measurements of the process and the machine. Each is cheap: they are read every 50 ms to every second. */
export interface Gauges {
  /** Milliseconds since the start in which the main thread was idle. */
  idleMs(): number;
  /** Live calls. */
  calls(): number;
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
}

/** How often the load of the main thread is measured. */
const TICK_MS = 50;
/** How often media threads and memory are measured. */
const SECOND_MS = 1_000;
/** With fewer calls than this, calls are not what causes the load, and refusing some would not reduce it. */
const FEW_CALLS = 10;
/** An episode of refusals ends after this long without one. */
const EPISODE_MS = 5_000;
/** Above this part of the heap limit, garbage collection takes more time than calls. */
const HEAP_LIMIT = 0.85;
/** Below this, the operating system starts to end processes. */
const LEAST_AVAILABLE = 64 * 1024 * 1024;

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

  /** @param ms since the last measurement. */
  measure(value: number, ms: number): void {
    this.#highMs = value >= this.#on.from ? this.#highMs + ms : 0;
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
  #timer: Timer;
  #last: { at: number; idleMs: number };
  #lastSecond: { at: number; beats: number; lateBeats: number };
  #busy = 0;
  /** Limits new calls to the rate that the main thread can set up. */
  #rateLimiter = new CallRateLimiter();
  /** Measures the late part of the beats. */
  #media = new Hysteresis({ from: 0.2, afterMs: 2000 }, { below: 0.05, afterMs: 3000 });
  /** Measures the used part of the memory. */
  #memory = new Hysteresis({ from: 1, afterMs: 1 }, { below: 0.9, afterMs: 2000 });
  /** Suspensions, with the monotonic time at which each ends. */
  #suspended = new Map<RefusalCause, number>();
  #episode: { at: number; refused: number } | undefined;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    const at = deps.clock.monotonic();
    this.#last = { at, idleMs: deps.idleMs() };
    this.#lastSecond = { at, ...deps.media() };
    this.#timer = deps.clock.after(TICK_MS, this.#tick);
  }

  /** Why all or some new calls are refused now. Undefined: all are admitted. */
  get refusalCause(): RefusalCause | undefined {
    for (const [cause, until] of this.#suspended) {
      if (until > this.#deps.clock.monotonic()) return cause;
      this.#suspended.delete(cause);
    }
    if (this.#deps.writable?.() === false) return 'storage';
    const calls = this.#deps.calls();
    if (calls >= this.#deps.maxCalls) return 'max_calls';
    if (this.#memory.isOn) return 'memory';
    if (calls < FEW_CALLS) return undefined;
    if (this.#media.isOn) return 'media';
    return this.#rateLimiter.limited ? 'main_thread' : undefined;
  }

  /** Main-thread utilization (0–1) over the last 50 ms or more. */
  get busy(): number {
    return this.#busy;
  }

  /**
   * Whether even refusing calls overloads the main thread. Clients that get no response retransmit ever more slowly
   * (RFC 3261 §17.1.1.2).
   */
  get isSaturated(): boolean {
    return this.#rateLimiter.isSaturated;
  }

  /** Asks to admit a new call. @returns undefined: admitted; otherwise why it is refused, which is counted. */
  admit(): RefusalCause | undefined {
    const cause = this.#refusal();
    if (!cause) return undefined;
    this.refused[cause] = (this.refused[cause] ?? 0) + 1;
    if (!this.#episode) {
      this.#deps.log.warn({ cause, calls: this.#deps.calls() }, `new calls are refused: ${CAUSES[cause]}`);
      this.#episode = { at: 0, refused: 0 };
    }
    this.#episode.at = this.#deps.clock.monotonic();
    this.#episode.refused++;
    return cause;
  }

  #refusal(): RefusalCause | undefined {
    const cause = this.refusalCause;
    if (cause && cause !== 'main_thread') return cause;
    const taken = this.#rateLimiter.take();
    return taken || this.#deps.calls() < FEW_CALLS ? undefined : 'main_thread';
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
    this.#timer.cancel();
  }

  #tick = (): void => {
    const at = this.#deps.clock.monotonic();
    const idleMs = this.#deps.idleMs();
    const ms = at - this.#last.at;
    this.#busy = 1 - (idleMs - this.#last.idleMs) / ms;
    this.#last = { at, idleMs };
    this.#rateLimiter.measure(this.#busy, ms);
    if (at - this.#lastSecond.at >= SECOND_MS) this.#measureMediaAndMemory(at);
    this.#endEpisode(at);
    this.#timer = this.#deps.clock.after(TICK_MS, this.#tick);
  };

  #measureMediaAndMemory(at: number): void {
    const before = this.#lastSecond;
    const { beats, lateBeats } = this.#deps.media();
    this.#lastSecond = { at, beats, lateBeats };
    const ms = at - before.at;
    this.#media.measure((lateBeats - before.lateBeats) / Math.max(1, beats - before.beats), ms);
    const { heapUsed, availableBytes } = this.#deps.memory();
    const used = Math.max(heapUsed / HEAP_LIMIT, LEAST_AVAILABLE / Math.max(1, availableBytes));
    this.#memory.measure(used, ms);
  }

  #endEpisode(now: number): void {
    if (!this.#episode || now - this.#episode.at < EPISODE_MS || this.refusalCause) return;
    this.#deps.log.info({ refused: this.#episode.refused }, 'new calls are taken again');
    this.#episode = undefined;
  }
}
