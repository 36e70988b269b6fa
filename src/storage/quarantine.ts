import type { BadRow, QuarantineStore } from '../calls/index.ts';
import type { Clock, Log } from '../core/index.ts';

/** Rows in quarantine; further ones are only logged. */
const MAX_ROWS = 1_000;

/** An unusable row. */
export type QuarantinedRow = BadRow & { foundAt: number };

/** Records unusable rows. Each is logged once and left out of every result, so that all other rows stay available. */
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

  /**
   * Adds a row.
   * @param unreadable the row itself is damaged, so a successful read shows that it was repaired.
   */
  quarantine({ table, id, reason }: BadRow, unreadable = false): void {
    const key = `${table} ${id}`;
    const known = this.#rows.get(key);
    if (known?.reason === reason) return;
    if (known || this.#rows.size < MAX_ROWS) {
      const foundAt = known?.foundAt ?? this.#clock.now();
      this.#rows.set(key, { table, id, reason, foundAt, unreadable });
    }
    this.#log.error(
      { table, row: id, reason },
      'a stored row cannot be used and is left out: repair it, or delete it at /admin/v1/quarantine',
    );
  }

  /** Removes a row that was deleted. */
  release(table: string, id: string): void {
    this.#rows.delete(`${table} ${id}`);
  }

  /** Removes a row that was read: if it was unreadable before, it was repaired. */
  wasRead(table: string, id: string): void {
    if (this.#rows.size > 0 && this.#rows.get(`${table} ${id}`)?.unreadable) this.release(table, id);
  }

  has(table: string, id: string): boolean {
    return this.#rows.has(`${table} ${id}`);
  }

  /** Returns the ids of a table's rows in quarantine. */
  of(table: string): string[] {
    return [...this.#rows.values()].filter((row) => row.table === table).map(({ id }) => id);
  }
}
