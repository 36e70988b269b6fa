/** From here on a thread has no time left. Work may already wait in the operating system, where nothing measures it. */
const FULL = 0.97;
/** Below this utilization the thread has time for more calls. */
const HAS_TIME = 0.9;
/** How long the thread must be full before the rate is limited: bursts and cold code are soon over. */
const FULL_MS = 1000;
/** How long it must stay full before the rate is reduced further. */
const STILL_FULL_MS = 100;
/** A late measurement counts as at most this: a single long pause is not overload. */
const MAX_MEASURED_MS = 100;
/** The factor of each reduction. */
const REDUCTION = 0.7;
/** Calls per second by which the rate grows in each second in which the thread has time. */
const GROWTH = 100;
/** The lowest rate: callers who keep trying get through. */
const MIN_RATE = 10;
/** After this time without a refusal there is no limit any more. */
const UNLIMITED_AFTER_MS = 2_000;
/** After this time the limit has not helped. */
const SATURATED_AFTER_MS = 2_000;

/**
 * Limits the rate of new calls while the thread that sets them up is overloaded. The rate falls by a factor while the
 * thread is full and grows linearly when it has time, like a TCP congestion window (RFC 5681 §3.1).
 */
export class CallRateLimiter {
  /** Calls per second; infinite without a limit. */
  #rate = Number.POSITIVE_INFINITY;
  /** Calls that may be taken before the next measurement. */
  #left = Number.POSITIVE_INFINITY;
  /** Calls taken since the thread became full or the rate was reduced, and the time since then. */
  #taken = 0;
  #takenMs = 0;
  #refused = 0;
  #fullMs = 0;
  #reduceMs = 0;
  #calmMs = 0;

  /** Whether a new call was refused within the last second. */
  get limited(): boolean {
    return this.#rate < Number.POSITIVE_INFINITY && (this.#refused > 0 || this.#calmMs < 1000);
  }

  /** Whether the thread has been full for two seconds although calls are refused. */
  get isSaturated(): boolean {
    return this.#fullMs > SATURATED_AFTER_MS;
  }

  /** Requests a new call. @returns whether it is taken. */
  take(): boolean {
    if (this.#left < 1) {
      this.#refused++;
      return false;
    }
    this.#left--;
    this.#taken++;
    return true;
  }

  /** Adjusts the rate. @param busy the utilization of the thread in the last `ms`, 0 to 1. */
  measure(busy: number, ms: number): void {
    if (busy >= FULL) this.#full(ms);
    else this.#fullMs = this.#reduceMs = this.#taken = this.#takenMs = 0;
    this.#calmMs = this.#refused > 0 ? 0 : this.#calmMs + ms;
    if (this.#reduceMs >= (this.#rate === Number.POSITIVE_INFINITY ? FULL_MS : STILL_FULL_MS)) this.#reduce();
    else if (busy < HAS_TIME) this.#rate += (GROWTH * ms) / 1000;
    if (this.#calmMs >= UNLIMITED_AFTER_MS && busy < HAS_TIME) this.#rate = Number.POSITIVE_INFINITY;
    // The rest of a rate of less than one call per measurement counts for the next one.
    this.#left = (this.#left < 1 ? this.#left : 0) + (this.#rate * ms) / 1000;
    this.#refused = 0;
  }

  #full(ms: number): void {
    this.#takenMs += ms;
    this.#fullMs += ms;
    this.#reduceMs += Math.min(ms, MAX_MEASURED_MS);
  }

  #reduce(): void {
    const takenPerSecond = (this.#taken * 1000) / this.#takenMs;
    this.#taken = this.#takenMs = 0;
    this.#rate = Math.max(MIN_RATE, REDUCTION * Math.min(this.#rate, takenPerSecond));
    this.#reduceMs = 0;
    this.#calmMs = 0;
  }
}
