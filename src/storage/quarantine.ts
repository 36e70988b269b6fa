import type { BadRow, QuarantineStore } from '../calls/index.ts';
import type { Clock, Log } from '../core/index.ts';

/** More than these are counted, and not remembered. */
const MOST_ROWS = 1_000;

/** A row that cannot be used, as it was found. */
export type QuarantinedRow = BadRow & { foundAt: number };

/**
 * Stored rows that cannot be used. Each is named in the log once, and left out wherever it would be read, so that
 * everything else goes on.
 */
export class Quarantine implements Pick<QuarantineStore, 'quarantine' | 'quarantined'> {
  #rows = new Map<string, QuarantinedRow & { unreadable: boolean }>();
  #clock: Clock;
  #log: Log;

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  get quarantined(): QuarantinedRow[] {
    return [...this.#rows.values()];
  }

  /** @param unreadable the row itself is damaged, so that reading it again tells whether it was repaired. */
  quarantine({ table, id, reason }: BadRow, unreadable = false): void {
    const key = `${table} ${id}`;
    const known = this.#rows.get(key);
    if (known?.reason === reason) return;
    if (known || this.#rows.size < MOST_ROWS) {
      const foundAt = known?.foundAt ?? this.#clock.now();
      this.#rows.set(key, { table, id, reason, foundAt, unreadable });
    }
    this.#log.error({ table, row: id, reason }, 'a stored row cannot be used: it is left out');
  }

  /** The row is gone. */
  release(table: string, id: string): void {
    this.#rows.delete(`${table} ${id}`);
  }

  /** The row can be read: if it could not before, it was repaired. */
  wasRead(table: string, id: string): void {
    if (this.#rows.size > 0 && this.#rows.get(`${table} ${id}`)?.unreadable) this.release(table, id);
  }

  has(table: string, id: string): boolean {
    return this.#rows.has(`${table} ${id}`);
  }

  /** The ids of the rows of a table that cannot be used. */
  of(table: string): string[] {
    return [...this.#rows.values()].filter((row) => row.table === table).map(({ id }) => id);
  }
}
