import type { Clock } from './clock.ts';

/** The prefixes of ids (contract §2). */
export type IdPrefix =
  | 'app'
  | 'call'
  | 'trunk'
  | 'cust'
  | 'did'
  | 'evt'
  | 'dlv'
  | 'conf'
  | 'str'
  | 'rate'
  | 'adj'
  | 'key'
  | 'phone'
  | 'vnum';

/**
 * Generates ids such as `call_20260529T120212.123456007`.
 *
 * The UTC second is followed by six digits for the microsecond and three for the node. Ids strictly increase even when
 * the wall clock is set back, and two nodes never generate the same id.
 */
export class Ids {
  #clock: Clock;
  #node: string;
  #last: number;
  #second = -1;
  /** `#second` in the format of ids. */
  #formatted = '';

  /**
   * @param options.node 0–999, the number of this process among the nodes.
   * @param options.after an id that an earlier process generated on the same data; all new ids are greater.
   */
  constructor(clock: Clock, options: { node?: number; after?: string | undefined } = {}) {
    this.#clock = clock;
    this.#node = String(options.node ?? 0).padStart(3, '0');
    this.#last = options.after ? microsecondsOf(options.after) : 0;
  }

  /** Generates the next id with this prefix. */
  next(prefix: IdPrefix): string {
    this.#last = Math.max(Math.floor(this.#clock.now() * 1000), this.#last + 1);
    const micros = String(this.#last % 1_000_000).padStart(6, '0');
    return `${prefix}_${this.#secondOf(this.#last)}.${micros}${this.#node}`;
  }

  /** Formats each second once: a busy call center generates thousands of ids per second. */
  #secondOf(microseconds: number): string {
    const second = Math.floor(microseconds / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      const iso = new Date(second * 1000).toISOString();
      this.#formatted = iso.slice(0, 19).replaceAll('-', '').replaceAll(':', '');
    }
    return this.#formatted;
  }
}

const SHAPE = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{6})\d{3}$/;

function microsecondsOf(id: string): number {
  const parts = SHAPE.exec(id)?.slice(1).map(Number);
  if (!parts) return 0;
  const [year, month, day, hour, minute, second, micros] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second) * 1000 + micros;
}
