import { FRAME_MS } from '../../audio/index.ts';
import { type Clock, guarded, type Timer } from '../../core/index.ts';

/** A beat that begins later than this after its time may be heard. */
const LATE_MS = 10;
/** Further behind than this the machine has slept, and what was missed is not made up for. */
const ASLEEP_MS = 5_000;
/** A frame that is later than this is not sent: no jitter buffer waits for it, and a burst of them fills the buffer. */
const STALE_MS = 100;

/**
 * Runs something every 20 ms, by the clock and not by the one before: the nth beat is due at start + n × 20 ms.
 * Beats that are late follow each other at once, so none is ever left out; those later than 100 ms are marked stale.
 */
export class Beat {
  /** Beats that have begun. */
  count = 0;
  /** Of those, the ones that began more than 10 ms after their time. */
  late = 0;
  #clock: Clock;
  #run: (beat: number, stale: boolean, overdue: number) => void;
  #due: number;
  #timer: Timer | undefined;

  /**
   * @param run gets the number of the beat (0, 1, 2, …), whether the beat is too late for its frame to be sent, and how
   * many beats are overdue as well and follow at once. What it throws is reported, and the next beat follows.
   */
  constructor(clock: Clock, run: (beat: number, stale: boolean, overdue: number) => void) {
    this.#clock = clock;
    this.#run = guarded('media.beat', run);
    this.#due = clock.monotonic();
  }

  start(): void {
    this.#due = this.#clock.monotonic() + FRAME_MS;
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    // Rounded up, since a timer that fires early would have to be set twice.
    const ms = Math.max(0, Math.ceil(this.#due - this.#clock.monotonic()));
    this.#timer = this.#clock.after(ms, this.#fire);
  }

  #fire = (): void => {
    const behind = this.#clock.monotonic() - this.#due;
    if (behind >= 0) {
      if (behind > LATE_MS) this.late++;
      const slept = behind > ASLEEP_MS;
      if (slept) this.#due += behind;
      this.#due += FRAME_MS;
      this.#run(this.count++, behind > STALE_MS && !slept, slept ? 0 : Math.floor(behind / FRAME_MS));
    }
    this.#wait();
  };
}
