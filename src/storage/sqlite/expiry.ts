import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/index.ts';
import type { DeletedFile, Expired, Expiring } from '../../recordings/index.ts';
import { type Erasure, EVENT_BYTES, IS_OPEN, withinBytes } from './erasure.ts';
import type { GroupCommit } from './group-commit.ts';

/** Rows that are looked at in one transaction. */
const BATCH = 20;
const LINES = 50;

/** Not of a call that lasts. */
const over = (column: string) => `NOT EXISTS (SELECT 1 FROM calls WHERE id = ${column} AND ${IS_OPEN})`;

/**
 * Each lists what is older than a moment (`?3`), from a row (`?1`, `?2`) on, in the order of an index; `go` says of
 * each row whether it may go.
 */
const SELECTIONS: Record<Expiring, string> = {
  calls: `SELECT id, octet_length(variables) AS bytes, created_at AS a, id AS b, coalesce(ended_at, created_at) < ?3
      AND NOT EXISTS (SELECT 1 FROM recordings WHERE call_id = calls.id) AS go
    FROM calls WHERE (created_at, id) > (?1, ?2) AND created_at < ?3 ORDER BY created_at, id LIMIT ${BATCH}`,
  completed_recordings: recordings('completed'),
  failed_recordings: recordings('failed'),
  events: `SELECT id, ${EVENT_BYTES} AS bytes, id AS a, 0 AS b, state <> 'pending' AND ${over('events.call_id')} AS go
    FROM events WHERE id > ?1 AND id < ?3 AND ?2 = ?2 ORDER BY id LIMIT ${BATCH * 2}`,
  timelines: `SELECT call_id, position, call_id AS a, position AS b, ${over('timeline.call_id')} AS go
    FROM timeline WHERE (call_id, position) > (?1, ?2) AND call_id < ?3 ORDER BY call_id, position LIMIT ${LINES}`,
  charges: `SELECT leg_id, customer_id, amount, settled_at AS a, leg_id AS b, typeof(amount) = 'integer' AND abs(amount) <= ${Number.MAX_SAFE_INTEGER}
      AND ${over('charges.call_id')} AS go
    FROM charges WHERE settled_at >= ?1 AND (settled_at, leg_id) > (?1, ?2) AND settled_at < ?3
    ORDER BY settled_at, leg_id LIMIT ${LINES}`,
};

function recordings(status: string): string {
  return `SELECT id, created_at AS a, id AS b, coalesce(ended_at, created_at) < ?3 AS go
    FROM recordings WHERE status = '${status}' AND (created_at, id) > (?1, ?2) AND created_at < ?3
    ORDER BY created_at, id LIMIT ${BATCH}`;
}

/** Where each selection begins. */
type Place = [SQLInputValue, SQLInputValue];
const BEGINNING: Record<Expiring, Place> = {
  calls: [-1, ''],
  completed_recordings: [-1, ''],
  failed_recordings: [-1, ''],
  events: ['', 0],
  timelines: ['', 0],
  charges: [-1, ''],
};

const TEXTS = {
  deleteLine: 'DELETE FROM timeline WHERE call_id = ? AND position IS ?',
  deleteCharge: 'DELETE FROM charges WHERE leg_id = ?',
  carry: `INSERT INTO carried_charges (customer_id, amount) VALUES (?, ?)
    ON CONFLICT (customer_id) DO UPDATE SET amount = carried_charges.amount + excluded.amount`,
  dueFiles: 'SELECT file, attempts FROM file_deletions WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  fileDeleted: 'DELETE FROM file_deletions WHERE file = ?',
  fileKept: 'UPDATE file_deletions SET due_at = ?, attempts = attempts + 1 WHERE file = ?',
} as const;

/** Finds what is too old, a few rows at a time, and deletes it. */
export class Expiry {
  #group: GroupCommit;
  #clock: Clock;
  #erasure: Erasure;
  #select: Record<Expiring, StatementSync>;
  #run: Record<keyof typeof TEXTS, StatementSync>;

  constructor(database: DatabaseSync, group: GroupCommit, clock: Clock, erasure: Erasure) {
    this.#group = group;
    this.#clock = clock;
    this.#erasure = erasure;
    const prepared = (texts: Record<string, string>) =>
      Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]));
    this.#select = prepared(SELECTIONS) as Record<Expiring, StatementSync>;
    // A damaged row may hold a number that is too large to be exact.
    for (const statement of Object.values(this.#select)) statement.setReadBigInts(true);
    this.#run = prepared(TEXTS) as Record<keyof typeof TEXTS, StatementSync>;
  }

  /**
   * Deletes some of what is older than `before`, from where the last call ended. What still lasts, is still to be
   * delivered, or is needed by something else stays.
   */
  expire(what: Expiring, before: number, from?: unknown): Promise<Expired> {
    return this.#group.write(() => {
      const [a, b] = (from as Place | undefined) ?? BEGINNING[what];
      const rows = withinBytes(this.#select[what].all(a, b, limitOf(what, before, this.#clock.now())));
      let deleted = 0;
      for (const row of rows) if (Number(row['go']) === 1 && this.#delete(what, row)) deleted += 1;
      const last = rows.at(-1);
      return { deleted, next: last && [last['a'], last['b']] };
    });
  }

  #delete(what: Expiring, row: Record<string, SQLOutputValue>): boolean {
    const value = (column: string) => row[column] ?? null;
    if (what === 'calls') return this.#erasure.begin(String(value('id'))) === undefined;
    if (what === 'events') this.#erasure.event(value('id'));
    else if (what === 'timelines') this.#run.deleteLine.run(value('call_id'), value('position'));
    else if (what === 'charges') {
      // The balance is what is put on it less all that was ever charged.
      this.#run.carry.run(value('customer_id'), value('amount'));
      this.#run.deleteCharge.run(value('leg_id'));
    } else this.#erasure.recording(value('id'));
    return true;
  }

  /** Files whose turn it is to be deleted. */
  async dueFiles(limit: number): Promise<DeletedFile[]> {
    const rows = this.#run.dueFiles.all(this.#clock.now(), limit);
    return rows.map(({ file, attempts }) => ({ file: String(file), attempts: Number(attempts) }));
  }

  fileDeleted(file: string): Promise<void> {
    return this.#group.write(() => void this.#run.fileDeleted.run(file));
  }

  fileKept(file: string, dueAt: number): Promise<void> {
    return this.#group.write(() => void this.#run.fileKept.run(dueAt, file));
  }
}

/** Ids have the time of their making in them, and sort by it. */
function limitOf(what: Expiring, before: number, now: number): SQLInputValue {
  if (what === 'events') return idAt('evt', before);
  if (what === 'timelines') return idAt('call', before);
  if (what !== 'charges') return before;
  // What was spent since the month, or the day, began is summed up from the charges themselves.
  const date = new Date(now);
  return Math.min(before, Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
}

function idAt(prefix: string, at: number): string {
  const iso = new Date(Math.max(0, at)).toISOString();
  return `${prefix}_${iso.slice(0, 19).replaceAll('-', '').replaceAll(':', '')}`;
}
