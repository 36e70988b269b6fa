import { type Clock, detach } from '../core/index.ts';

/** The longest wait in a burst, or in a process that has just started and runs slowly at first. */
const BURST_WAIT_MS = 2_000;
/** How long a queue that is never empty counts as a burst. After that, calls arrive faster than they are set up. */
const BURST_MS = 5_000;
/** The longest wait while calls arrive faster than they are set up: waiting longer would not get more calls through. */
const OVERLOAD_WAIT_MS = 200;
/** Calls that begin in one turn. A few share the work that is done once per turn, such as messages between threads. */
const CALLS_PER_TURN = 4;
/** A turn counts as at most this: a single long pause says nothing about the calls behind it. */
const MAX_TURN_MS = 100;
/** The turns of about this time, up to twice as long, give the time that a call takes. */
const RECENT_MS = 100;

/** Runs a function in the next turn of the event loop, after the input and output that is ready. */
export type NextTurn = (run: () => void) => void;

/**
 * Admitted calls that wait until the main thread has time for them.
 *
 * A few calls begin in each turn of the event loop, after the messages, responses, and timers of the calls before them.
 * On a thread with time to spare, turns are short and no call waits. On a thread without, turns become long and the
 * queue grows, whatever takes the time: calls, garbage collection, or other processes.
 */
export class CallQueue {
  /** Calls that have begun since the start. */
  begun = 0;
  #clock: Pick<Clock, 'monotonic'>;
  #nextTurn: NextTurn;
  #waiting = new Set<() => void>();
  /** Since when calls have been waiting without a break. */
  #since = 0;
  /** The calls that have begun in this turn, and when the first did. */
  #turn = { calls: 0, at: 0 };
  /** Recent calls that waited, and the sum of their turns. */
  #recent = { calls: 0, ms: 0 };

  constructor(clock: Pick<Clock, 'monotonic'>, nextTurn: NextTurn = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** The number of calls that wait. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Whether one more call would wait too long. */
  get isFull(): boolean {
    const { calls, ms } = this.#recent;
    if (this.length === 0 || calls === 0) return false;
    const isBurst = this.#clock.monotonic() - this.#since < BURST_MS;
    return (this.length * ms) / calls > (isBurst ? BURST_WAIT_MS : OVERLOAD_WAIT_MS);
  }

  /**
   * Resolves when the call may begin: at once, or after the calls that came before it.
   * @param canceled resolves when the caller gives up. The call then leaves the queue, and `turn` resolves.
   */
  turn(canceled?: Promise<unknown>): Promise<void> {
    if (this.#turn.calls < CALLS_PER_TURN) {
      this.#begin();
      return Promise.resolve();
    }
    if (this.length === 0) this.#since = this.#clock.monotonic();
    return new Promise((begin) => {
      this.#waiting.add(begin);
      const leave = () => {
        if (this.#waiting.delete(begin)) begin();
      };
      if (canceled) detach('calls.canceled', canceled.then(leave));
    });
  }

  #begin(): void {
    this.begun++;
    if (this.#turn.calls++ > 0) return;
    this.#turn.at = this.#clock.monotonic();
    this.#nextTurn(this.#run);
  }

  #run = (): void => {
    if (this.length > 0) this.#measure();
    this.#turn.calls = 0;
    for (const begin of this.#waiting) {
      if (this.#turn.calls === CALLS_PER_TURN) return;
      this.#waiting.delete(begin);
      this.#begin();
      begin();
    }
  };

  #measure(): void {
    const recent = this.#recent;
    recent.calls += this.#turn.calls;
    recent.ms += Math.min(this.#clock.monotonic() - this.#turn.at, MAX_TURN_MS);
    if (recent.ms < 2 * RECENT_MS) return;
    recent.calls /= 2;
    recent.ms /= 2;
  }
}
