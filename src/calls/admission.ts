import type { Clock, Log, Timer } from '../core/index.ts';
import { Pace } from './pace.ts';

/** Why no new call is taken, and what people are told of it. */
const REASONS = {
  draining: 'the server is stopping',
  max_calls: 'as many calls are alive as MINIVOICE_MAX_CALLS allows',
  storage: 'what is to be kept cannot be written',
  ports: 'no port of MINIVOICE_RTP_PORTS could be opened',
  memory: 'memory is nearly used up',
  media: 'the media threads are late',
  main_thread: 'the main thread has no time left',
};

export type RefusalCause = keyof typeof REASONS;

/** All of them. */
export const REFUSAL_CAUSES = Object.keys(REASONS) as RefusalCause[];

/** What a cause means, as a sentence without its full stop. */
export const explainRefusal = (cause: RefusalCause): string => REASONS[cause];

/** What is measured of the machine. Each is cheap: they are asked every 50 ms to second. */
export interface Gauges {
  /** Milliseconds since the start in which the main thread had nothing to do. */
  idleMs(): number;
  /** Calls that are alive. */
  calls(): number;
  /** Beats of the media threads since the start, and those of them that were late. */
  media(): { beats: number; lateBeats: number };
  /** How much of the heap that we may have is in use, 0 to 1, and what the machine has left, in bytes. */
  memory(): { heapUsed: number; availableBytes: number };
  /** Whether what happens to calls can be written; left out: always. */
  writable?(): boolean;
}

export interface AdmissionPorts extends Gauges {
  clock: Clock;
  log: Log;
  /** Calls at once. */
  maxCalls: number;
}

/** How often it is asked how busy the main thread is. */
const TICK_MS = 50;
/** How often the rest is asked. */
const SECOND_MS = 1_000;
/** With fewer calls than this it is not the calls that are too much, and refusing some would help nobody. */
const FEW_CALLS = 10;
/** Nothing was refused for so long: the episode is over. */
const EPISODE_MS = 5_000;
/** Beyond this part of the heap the collector takes more time than the calls. */
const HEAP_LIMIT = 0.85;
/** With less than this the system ends processes to go on. */
const LEAST_AVAILABLE = 64 * 1024 * 1024;

/**
 * Closes a door when a figure is too high and opens it when it is low again, each only when the figure has been so
 * for a while: a door that flutters serves nobody.
 */
class Door {
  closed = false;
  #close: { from: number; afterMs: number };
  #open: { below: number; afterMs: number };
  #highMs = 0;
  #lowMs = 0;

  constructor(close: { from: number; afterMs: number }, open: { below: number; afterMs: number }) {
    this.#close = close;
    this.#open = open;
  }

  /** @param ms since the last measure. */
  measure(figure: number, ms: number): void {
    this.#highMs = figure >= this.#close.from ? this.#highMs + ms : 0;
    this.#lowMs = figure < this.#open.below ? this.#lowMs + ms : 0;
    if (this.closed) this.closed = this.#lowMs < this.#open.afterMs;
    else this.closed = this.#highMs >= this.#close.afterMs;
  }
}

/**
 * The one gate for new calls: says yes, or no and why, by a few figures of the machine. Calls that run are never
 * touched: what is beyond the limit is refused, and the limit is what this machine can do at this moment.
 */
export class Admission {
  /** New calls that were refused since the start, by their cause. */
  readonly refused: Partial<Record<RefusalCause, number>> = {};
  #ports: AdmissionPorts;
  #timer: Timer;
  #last: { at: number; idleMs: number };
  #lastSecond: { at: number; beats: number; lateBeats: number };
  #busy = 0;
  /** What the main thread can set up. */
  #pace = new Pace();
  /** The part of the beats that is late. */
  #media = new Door({ from: 0.2, afterMs: 2000 }, { below: 0.05, afterMs: 3000 });
  /** The part of the memory that is gone. */
  #memory = new Door({ from: 1, afterMs: 1 }, { below: 0.9, afterMs: 2000 });
  /** Until when, by the monotonic clock, others keep it closed. */
  #held = new Map<RefusalCause, number>();
  #episode: { at: number; refused: number } | undefined;

  constructor(ports: AdmissionPorts) {
    this.#ports = ports;
    const at = ports.clock.monotonic();
    this.#last = { at, idleMs: ports.idleMs() };
    this.#lastSecond = { at, ...ports.media() };
    this.#timer = ports.clock.after(TICK_MS, this.#tick);
  }

  /** Why new calls are not taken now, or not all of them; undefined: they are. */
  get closed(): RefusalCause | undefined {
    for (const [cause, until] of this.#held) {
      if (until > this.#ports.clock.monotonic()) return cause;
      this.#held.delete(cause);
    }
    if (this.#ports.writable?.() === false) return 'storage';
    const calls = this.#ports.calls();
    if (calls >= this.#ports.maxCalls) return 'max_calls';
    if (this.#memory.closed) return 'memory';
    if (calls < FEW_CALLS) return undefined;
    if (this.#media.closed) return 'media';
    return this.#pace.limited ? 'main_thread' : undefined;
  }

  /** The part of the last 50 ms or more in which the main thread had something to do, 0 to 1. */
  get busy(): number {
    return this.#busy;
  }

  /**
   * Even to say no is too much. Whoever is not answered asks again ever more slowly (RFC 3261 §17.1.1.2).
   */
  get drowning(): boolean {
    return this.#pace.drowning;
  }

  /** Asks for a new call. @returns undefined: take it; else why it is refused, which is counted. */
  ask(): RefusalCause | undefined {
    const cause = this.#refusal();
    if (!cause) return undefined;
    this.refused[cause] = (this.refused[cause] ?? 0) + 1;
    if (!this.#episode) {
      this.#ports.log.warn({ cause, calls: this.#ports.calls() }, `new calls are refused: ${REASONS[cause]}`);
      this.#episode = { at: 0, refused: 0 };
    }
    this.#episode.at = this.#ports.clock.monotonic();
    this.#episode.refused++;
    return cause;
  }

  #refusal(): RefusalCause | undefined {
    const cause = this.closed;
    if (cause && cause !== 'main_thread') return cause;
    const taken = this.#pace.take();
    return taken || this.#ports.calls() < FEW_CALLS ? undefined : 'main_thread';
  }

  /** Keeps the gate closed, for `ms` from now or until it is lifted. */
  hold(cause: RefusalCause, ms = Number.POSITIVE_INFINITY): void {
    this.#held.set(cause, this.#ports.clock.monotonic() + ms);
  }

  /** Takes back what was held; nothing happens where nothing was. */
  lift(cause: RefusalCause): void {
    this.#held.delete(cause);
  }

  /** Measures no more. */
  close(): void {
    this.#timer.cancel();
  }

  #tick = (): void => {
    const at = this.#ports.clock.monotonic();
    const idleMs = this.#ports.idleMs();
    const ms = at - this.#last.at;
    this.#busy = 1 - (idleMs - this.#last.idleMs) / ms;
    this.#last = { at, idleMs };
    this.#pace.measure(this.#busy, ms);
    if (at - this.#lastSecond.at >= SECOND_MS) this.#measureRest(at);
    this.#endEpisode(at);
    this.#timer = this.#ports.clock.after(TICK_MS, this.#tick);
  };

  #measureRest(at: number): void {
    const before = this.#lastSecond;
    const { beats, lateBeats } = this.#ports.media();
    this.#lastSecond = { at, beats, lateBeats };
    const ms = at - before.at;
    this.#media.measure((lateBeats - before.lateBeats) / Math.max(1, beats - before.beats), ms);
    const { heapUsed, availableBytes } = this.#ports.memory();
    const gone = Math.max(heapUsed / HEAP_LIMIT, LEAST_AVAILABLE / Math.max(1, availableBytes));
    this.#memory.measure(gone, ms);
  }

  #endEpisode(now: number): void {
    if (!this.#episode || now - this.#episode.at < EPISODE_MS || this.closed) return;
    this.#ports.log.info({ refused: this.#episode.refused }, 'new calls are taken again');
    this.#episode = undefined;
  }
}
