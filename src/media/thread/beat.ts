import { FRAME_MS } from '../../audio/index.ts';
import { type Clock, guarded, type Timer } from '../../core/index.ts';

/** A beat that begins later than this is audible. */
const LATE_MS = 10;
/** Further behind than this, the machine has slept, and missed beats are left out. */
const ASLEEP_MS = 5_000;
/** A frame later than this is not sent, because no jitter buffer waits for it, and a burst would fill it. */
const STALE_MS = 100;

/**
 * Runs a function every 20 ms. Beat n is due at start + n × 20 ms, so delays do not add up.
 * Late beats follow each other at once, and none is left out; those later than 100 ms are marked stale.
 */
export class Beat {
  /** Number of beats that have begun. */
  count = 0;
  /** Number of those that began more than 10 ms late. */
  late = 0;
  #clock: Clock;
  #run: (beat: number, stale: boolean, overdue: number) => void;
  /** The number of the next beat, and when it is due. */
  #next = 0;
  #due: number;
  #isStopped = true;
  #timer: Timer | undefined;

  /**
   * @param run gets the number of the beat (0, 1, 2, …), whether it is too late for its frame to be sent, and how many
   * more beats are overdue and follow at once. What it throws is reported, and the next beat follows.
   */
  constructor(clock: Clock, run: (beat: number, stale: boolean, overdue: number) => void) {
    this.#clock = clock;
    this.#run = guarded('media.beat', run);
    this.#due = clock.monotonic() + FRAME_MS;
  }

  /** Sets the time from which beats are counted, and runs them. */
  start(): void {
    this.#due = this.#clock.monotonic() + FRAME_MS;
    this.resume();
  }

  /** Runs no beats until `resume`. Their numbers pass nevertheless. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Continues with the next beat that is due. Does nothing unless stopped. */
  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const passed = Math.max(0, Math.ceil((this.#clock.monotonic() - this.#due) / FRAME_MS));
    this.#next += passed;
    this.#due += passed * FRAME_MS;
    this.#wait();
  }

  #wait(): void {
    this.#timer?.cancel();
    // Rounded up, since a timer that fires early must be set again.
    const ms = Math.max(0, Math.ceil(this.#due - this.#clock.monotonic()));
    this.#timer = this.#clock.after(ms, this.#fire);
  }

  #fire = (): void => {
    const behind = this.#clock.monotonic() - this.#due;
    if (behind >= 0) {
      this.count++;
      if (behind > LATE_MS) this.late++;
      const slept = behind > ASLEEP_MS;
      if (slept) this.#due += behind;
      this.#due += FRAME_MS;
      this.#run(this.#next++, behind > STALE_MS && !slept, slept ? 0 : Math.floor(behind / FRAME_MS));
    }
    if (!this.#isStopped) this.#wait();
  };
}
