import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { snakeCase, type Table, tables } from '../tables/index.ts';

/** Prepares each text once: preparing a statement costs more than running it. */
export function prepareAll<Name extends string>(
  database: DatabaseSync,
  texts: Readonly<Record<Name, string>>,
): Record<Name, StatementSync> {
  const names = Object.keys(texts) as Name[];
  const prepared = names.map((name) => [name, database.prepare(texts[name])]);
  return Object.fromEntries(prepared);
}

/** Properties of calls and recordings that never change. Updates skip them, and so the indexes over them. */
const FIXED = ['id', 'callId', 'customerId', 'applicationId', 'direction', 'from', 'to', 'createdAt'];

/**
 * Every statement of the write path. The parameters are the columns of the table in its order, or as a comment or the
 * numbers say.
 */
export const WRITES = {
  /** The columns, then last_sequence. */
  saveCall: upsert(tables.calls, FIXED, ['last_sequence']),
  saveRecording: upsert(tables.recordings, FIXED),
  /** id, callId, applicationId, event, sequence, eventKey, createdAt, call, data, state, attempts, nextAttemptAt */
  addEvent: insert(tables.events),
  /** Writes nothing for an event that was deleted. */
  addAttempt: `INSERT INTO attempts (${columnsOf(tables.attempts)})
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM events WHERE id = ?2`,
  /** Appends an entry to the timeline of a call. Writes nothing for a call that was deleted. */
  addEntry: `INSERT INTO timeline (${columnsOf(tables.timeline)}, position)
    SELECT ?1, ?2, ?3, ?4, coalesce(max(position), 0) + 1 FROM timeline WHERE call_id = ?1
    HAVING EXISTS (SELECT 1 FROM calls WHERE id = ?1)`,
  /** callId → last_sequence */
  lastSequence: 'SELECT last_sequence FROM calls WHERE id = ?',
  /** lastSequence, callId */
  setLastSequence: 'UPDATE calls SET last_sequence = ? WHERE id = ?',
  /**
   * callId → event, count. `sequence > 0` is always true; it makes SQLite search the events of the call instead of all
   * events.
   */
  countEvents:
    'SELECT event, count(*) AS count FROM events WHERE call_id = ? AND sequence > 0 GROUP BY event',
  /** state, attempts, nextAttemptAt, id */
  setEventState: 'UPDATE events SET state = ?, attempts = ?, next_attempt_at = ? WHERE id = ?',
  /** data, id */
  setEventData: 'UPDATE events SET data = ? WHERE id = ?',
  /** before, limit. The first condition is that of the index. */
  eraseSealed: `UPDATE events SET data = json_remove(data, '$.sealed_digits') WHERE id IN (
    SELECT id FROM events INDEXED BY events_sealed WHERE data LIKE '{%"sealed_digits":"%' AND created_at < ?
    AND json_extract(data, '$.sealed_digits') IS NOT NULL LIMIT ?)`,
  /** file, at */
  deleteFileSoon: `INSERT INTO file_deletions (file, at, due_at, attempts) VALUES (?, ?, 0, 0)
    ON CONFLICT (file) DO NOTHING`,
  /** applicationId, key, requestHash, callId, at */
  keepKey:
    'REPLACE INTO idempotency_keys (application_id, key, request_hash, call_id, at) VALUES (?, ?, ?, ?, ?)',
  /** before */
  forgetKeys: 'DELETE FROM idempotency_keys WHERE at < ?',
  keepPendingBye: `REPLACE INTO pending_byes (${columnsOf(tables.pendingByes)}) VALUES (?, ?)`,
  dropPendingBye: 'DELETE FROM pending_byes WHERE key = ?',

  saveAccount: upsert(tables.accounts),
  addAdjustment: insert(tables.adjustments),
  // A charge that is settled or released never changes again.
  saveCharge: `${upsert(tables.charges)} WHERE charges.status = 'reserved'`,

  saveTranscript: upsert(tables.transcripts),
  savePart: upsert(tables.insightParts),
  /**
   * recordingId, callId, applicationId, createdAt. A recording that is already in the queue starts again: the new claim
   * takes the job from the process that holds it.
   */
  enqueueJob: `INSERT INTO insight_jobs
    (recording_id, call_id, application_id, created_at, due_at, attempts, claim) VALUES (?1, ?2, ?3, ?4, ?4, 0, 0)
    ON CONFLICT (recording_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0,
      claim = insight_jobs.claim + 1, node = NULL, last_error = NULL`,
  /** recordingId, claim → a row if this claim holds the job */
  findHolder: 'SELECT 1 AS held FROM insight_jobs WHERE recording_id = ? AND claim = ?',
  /** dueAt, lastError, recordingId */
  postponeJob: 'UPDATE insight_jobs SET due_at = ?, last_error = ?, node = NULL WHERE recording_id = ?',
  finishJob: 'DELETE FROM insight_jobs WHERE recording_id = ?',
  forgetTranscripts: 'DELETE FROM transcripts WHERE call_id = ?',
  forgetParts: 'DELETE FROM insight_parts WHERE call_id = ?',
} as const;

export type WriteStatements = Record<keyof typeof WRITES, StatementSync>;

/** Returns the columns of a table; some names, such as `from`, are keywords. */
function columnsOf<T extends object>({ columns }: Table<T>): string {
  return columns.map(({ column }) => `"${column}"`).join(', ');
}

/** @param more further columns. */
function insert<T extends object>(table: Table<T>, more: string[] = []): string {
  const marks = [...table.columns, ...more].map(() => '?').join(', ');
  return `INSERT INTO ${table.name} (${[columnsOf(table), ...more].join(', ')}) VALUES (${marks})`;
}

/**
 * Inserts a row, or updates all but the `fixed` properties of the row with the same key.
 * @param more further columns.
 */
function upsert<T extends object>(table: Table<T>, fixed = table.key, more: string[] = []): string {
  const columns = table.columns
    .filter(({ property }) => !fixed.includes(property))
    .map(({ column }) => column);
  const changes = [...columns, ...more].map((column) => `"${column}" = excluded."${column}"`);
  const key = table.key.map(snakeCase).join(', ');
  return `${insert(table, more)} ON CONFLICT (${key}) DO UPDATE SET ${changes.join(', ')}`;
}
