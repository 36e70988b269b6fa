/** From here on a thread has no time left, and what waits for it may wait where nobody sees it: with the system. */
const FULL = 0.97;
/** Below this there is room for more. */
const ROOM = 0.9;
/** For so long it must be full before fewer are taken: a burst, or a start with cold code, is soon worked off. */
const FULL_MS = 1000;
/** A measure that comes late counts for no more: one long halt, of which nobody knows why, is no storm. */
const LONGEST_MS = 100;
/** And again for so long before still fewer are. */
const STILL_MS = 100;
/** What is left of the pace then. */
const CUT = 0.7;
/** By so many calls a second the pace grows in each second in which there is room. */
const GROWTH = 100;
/** No slower: one who waits long enough gets through. */
const SLOWEST = 10;
/** Nobody was refused for so long: no limit is needed. */
const FREE_MS = 2_000;
/** The pace has not helped for so long. */
const DROWNING_MS = 2_000;

/**
 * How many new calls a second are taken: as many as come, until the thread that sets them up has no rest. Then less
 * and less until it has, and slowly more again: the way TCP finds what a line can carry (RFC 5681 §3.1).
 */
export class Pace {
  /** Calls a second; without limit while it is not needed. */
  #rate = Number.POSITIVE_INFINITY;
  /** Those that may be taken before the next measure. */
  #left = Number.POSITIVE_INFINITY;
  /** Since it is full, or was last cut, and in how many milliseconds. */
  #taken = 0;
  #takenMs = 0;
  #refused = 0;
  #fullMs = 0;
  #cutMs = 0;
  #calmMs = 0;

  /** A new call was refused within the last second. */
  get limited(): boolean {
    return this.#rate < Number.POSITIVE_INFINITY && (this.#refused > 0 || this.#calmMs < 1000);
  }

  /** Without rest for so long, however few are taken, that refusing is too much already. */
  get drowning(): boolean {
    return this.#fullMs > DROWNING_MS;
  }

  /** A call comes. @returns is it taken? */
  take(): boolean {
    if (this.#left < 1) {
      this.#refused++;
      return false;
    }
    this.#left--;
    this.#taken++;
    return true;
  }

  /** @param busy the part of the last `ms` in which the thread had something to do. */
  measure(busy: number, ms: number): void {
    if (busy >= FULL) this.#full(ms);
    else this.#fullMs = this.#cutMs = this.#taken = this.#takenMs = 0;
    this.#calmMs = this.#refused > 0 ? 0 : this.#calmMs + ms;
    if (this.#cutMs >= (this.#rate === Number.POSITIVE_INFINITY ? FULL_MS : STILL_MS)) this.#cut();
    else if (busy < ROOM) this.#rate += (GROWTH * ms) / 1000;
    if (this.#calmMs >= FREE_MS && busy < ROOM) this.#rate = Number.POSITIVE_INFINITY;
    // What a pace of less than one call a measure leaves over counts for the next.
    this.#left = (this.#left < 1 ? this.#left : 0) + (this.#rate * ms) / 1000;
    this.#refused = 0;
  }

  #full(ms: number): void {
    this.#takenMs += ms;
    this.#fullMs += ms;
    this.#cutMs += Math.min(ms, LONGEST_MS);
  }

  #cut(): void {
    const came = (this.#taken * 1000) / this.#takenMs;
    this.#taken = this.#takenMs = 0;
    this.#rate = Math.max(SLOWEST, CUT * Math.min(this.#rate, came));
    this.#cutMs = 0;
    this.#calmMs = 0;
  }
}
