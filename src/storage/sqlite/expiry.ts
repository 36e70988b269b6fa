import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/index.ts';
import type { DeletedFile, Expired, Expiring } from '../../recordings/index.ts';
import { type Erasure, EVENT_BYTES, IS_OPEN, withinStep } from './erasure.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareAll } from './statements.ts';

const DAY_MS = 86_400_000;
/** Rows that are examined in one transaction. */
const EXAMINED = 200;

/** The most rows of each kind that are deleted in one transaction. */
const DELETED: Record<Expiring, number> = {
  calls: 20,
  completed_recordings: 20,
  failed_recordings: 20,
  events: 40,
  timelines: 50,
  charges: 50,
};

/** Ended after the moment, but within a day: each day, rows that were kept are examined again anyway. */
const ENDED_LATE = `ended_at BETWEEN ?3 AND ?3 + ${DAY_MS}`;

/** The condition that a row belongs to no open call. */
const hasEnded = (column: string) => `NOT EXISTS (SELECT 1 FROM calls WHERE id = ${column} AND ${IS_OPEN})`;

/**
 * Select rows older than a moment (`?3`), after a position (`?1`, `?2`), by an index. `deletable` says whether the row
 * may be deleted, `late` whether it ended after that moment; `a` and `b` are its position.
 */
const SELECTIONS: Record<Expiring, string> = {
  calls: `SELECT id, octet_length(variables) AS bytes, created_at AS a, id AS b, ${ENDED_LATE} AS late,
      coalesce(ended_at, created_at) < ?3 AND NOT EXISTS (SELECT 1 FROM recordings WHERE call_id = calls.id) AS deletable
    FROM calls WHERE (created_at, id) > (?1, ?2) AND created_at < ?3 ORDER BY created_at, id LIMIT ${EXAMINED}`,
  completed_recordings: recordings("status = 'completed'"),
  failed_recordings: recordings("status IN ('started', 'failed') AND status = 'failed'"),
  events: `SELECT id, ${EVENT_BYTES} AS bytes, id AS a, 0 AS b, state <> 'pending' AND ${hasEnded('events.call_id')} AS deletable
    FROM events WHERE id > ?1 AND id < ?3 AND ?2 = ?2 ORDER BY id LIMIT ${EXAMINED}`,
  timelines: `SELECT call_id, position, call_id AS a, position AS b, ${hasEnded('timeline.call_id')} AS deletable
    FROM timeline WHERE (call_id, position) > (?1, ?2) AND call_id < ?3 ORDER BY call_id, position LIMIT ${EXAMINED}`,
  charges: `SELECT leg_id, customer_id, amount, settled_at AS a, leg_id AS b, typeof(amount) = 'integer' AND abs(amount) <= ${Number.MAX_SAFE_INTEGER}
      AND ${hasEnded('charges.call_id')} AS deletable
    FROM charges WHERE settled_at >= ?1 AND (settled_at, leg_id) > (?1, ?2) AND settled_at < ?3
    ORDER BY settled_at, leg_id LIMIT ${EXAMINED}`,
};

/** Repeats the condition of the index `recordings_unfinished`: most recordings are completed. */
function recordings(condition: string): string {
  return `SELECT id, created_at AS a, id AS b, ${ENDED_LATE} AS late, coalesce(ended_at, created_at) < ?3 AS deletable
    FROM recordings WHERE ${condition} AND (created_at, id) > (?1, ?2) AND created_at < ?3
    ORDER BY created_at, id LIMIT ${EXAMINED}`;
}

type Position = [SQLInputValue, SQLInputValue];

/** The position before the first row of each selection. */
const START: Record<Expiring, Position> = {
  calls: [-1, ''],
  completed_recordings: [-1, ''],
  failed_recordings: [-1, ''],
  events: ['', 0],
  timelines: ['', 0],
  charges: [-1, ''],
};

const STATEMENTS = {
  deleteEntry: 'DELETE FROM timeline WHERE call_id = ? AND position IS ?',
  deleteCharge: 'DELETE FROM charges WHERE leg_id = ?',
  carry: `INSERT INTO carried_charges (customer_id, amount) VALUES (?, ?)
    ON CONFLICT (customer_id) DO UPDATE SET amount = carried_charges.amount + excluded.amount`,
  dueFiles: 'SELECT file, attempts FROM file_deletions WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  fileDeleted: 'DELETE FROM file_deletions WHERE file = ?',
  fileKept: 'UPDATE file_deletions SET due_at = ?, attempts = attempts + 1 WHERE file = ?',
} as const;

/** Deletes rows that are too old, a few at a time. */
export class Expiry {
  #group: GroupCommit;
  #clock: Clock;
  #erasure: Erasure;
  #select: Record<Expiring, StatementSync>;
  #run: Record<keyof typeof STATEMENTS, StatementSync>;

  constructor(database: DatabaseSync, group: GroupCommit, clock: Clock, erasure: Erasure) {
    this.#group = group;
    this.#clock = clock;
    this.#erasure = erasure;
    this.#select = prepareAll(database, SELECTIONS);
    // A damaged row may hold an integer that is too large to be exact.
    for (const statement of Object.values(this.#select)) statement.setReadBigInts(true);
    this.#run = prepareAll(database, STATEMENTS);
  }

  /**
   * Deletes some rows older than `before`, starting where the last call of this method ended (`next`). Rows of open
   * calls, undelivered events and rows that others need stay.
   */
  expire(what: Expiring, before: number, from?: unknown): Promise<Expired> {
    return this.#group.write(() => {
      const start = (from as Position | undefined) ?? START[what];
      const examined = this.#select[what].all(...start, limitOf(what, before, this.#clock.now()));
      const rows = withinStep(examined, DELETED[what]);
      let deleted = 0;
      for (const row of rows) if (Number(row['deletable']) === 1 && this.#delete(what, row)) deleted += 1;
      const position = (at: number) => rows[at] && [rows[at]['a'], rows[at]['b']];
      const late = rows.findIndex((row) => Number(row['late'] ?? 0) === 1);
      const resume = late === -1 ? undefined : (position(late - 1) ?? start);
      return { deleted, next: position(rows.length - 1), resume };
    });
  }

  #delete(what: Expiring, row: Record<string, SQLOutputValue>): boolean {
    const value = (column: string) => row[column] ?? null;
    if (what === 'calls') return this.#erasure.begin(String(value('id'))) === undefined;
    if (what === 'events') this.#erasure.event(value('id'));
    else if (what === 'timelines') this.#run.deleteEntry.run(value('call_id'), value('position'));
    else if (what === 'charges') {
      // The balance is all adjustments minus all charges, including deleted ones.
      this.#run.carry.run(value('customer_id'), value('amount'));
      this.#run.deleteCharge.run(value('leg_id'));
    } else this.#erasure.recording(value('id'));
    return true;
  }

  /** Returns files that are due to be deleted. */
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

/** Ids contain the time of their creation, and sort by it. */
function limitOf(what: Expiring, before: number, now: number): SQLInputValue {
  if (what === 'events') return idAt('evt', before);
  if (what === 'timelines') return idAt('call', before);
  if (what !== 'charges') return before;
  // The spending of the current month and day is read from `charge_days`, which a deletion reduces.
  const date = new Date(now);
  return Math.min(before, Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
}

function idAt(prefix: string, at: number): string {
  const iso = new Date(Math.max(0, at)).toISOString();
  return `${prefix}_${iso.slice(0, 19).replaceAll('-', '').replaceAll(':', '')}`;
}
