import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Clock, Failure } from '../../core/index.ts';
import { exact, secondsOf } from '../summands.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareAll } from './statements.ts';

/** Rows that are deleted in one transaction. They are few, so that it blocks the thread only for milliseconds. */
const EVENTS = 25;
const ENTRIES = 50;
const TRANSCRIPTS = 2;
const RECORDINGS = 20;
const ROWS = 50;
const STEPS = 50;
/** Bytes of events in one transaction. Deleted data is overwritten, and an event may have half a megabyte. */
const BYTES = 2_000_000;
/** The size of an event in bytes. */
export const EVENT_BYTES = 'octet_length(call) + octet_length(data)';

const DAY_MS = 86_400_000;

/** The condition for a call that has not ended. */
export const IS_OPEN = "status IN ('dialing', 'ringing', 'in_progress')";

const STATEMENTS = {
  call: `SELECT ${IS_OPEN} AS open FROM calls WHERE id = ?`,
  pendingEvent: "SELECT 1 FROM events WHERE call_id = ? AND state = 'pending' AND sequence > 0 LIMIT 1",
  openRecording: "SELECT 1 FROM recordings WHERE call_id = ? AND status = 'started' LIMIT 1",
  openCharge: "SELECT 1 FROM charges WHERE call_id = ? AND +status = 'reserved' LIMIT 1",
  // Keeps what `usage` counts, by the day on which the call was created.
  carryUsage: `INSERT INTO carried_usage (application_id, day, calls, billsec_seconds, cost)
    SELECT application_id, created_at - created_at % ${DAY_MS}, 1,
      ${secondsOf('calls')}, ${exact('cost_amount')}
    FROM calls WHERE id = ?
    ON CONFLICT (application_id, day) DO UPDATE SET calls = carried_usage.calls + 1,
      billsec_seconds = carried_usage.billsec_seconds + excluded.billsec_seconds,
      cost = carried_usage.cost + excluded.cost`,
  // The amount stays in the ledger; the called number and the call do not.
  maskCharges: "UPDATE charges SET destination = '', call_id = '', call_leg_id = '' WHERE call_id = ?",
  forgetKeys: 'DELETE FROM idempotency_keys WHERE call_id = ?',
  deleteCall: 'DELETE FROM calls WHERE id = ?',
  begin: 'INSERT OR IGNORE INTO erasures (call_id, at) VALUES (?, ?)',
  next: 'SELECT call_id FROM erasures ORDER BY call_id LIMIT 1',
  isErasing: 'SELECT call_id FROM erasures WHERE call_id = ?',
  end: 'DELETE FROM erasures WHERE call_id = ?',
  events: `SELECT id, ${EVENT_BYTES} AS bytes FROM events WHERE call_id = ? ORDER BY sequence LIMIT ${EVENTS}`,
  deleteAttempts: 'DELETE FROM attempts WHERE event_id = ?',
  deleteEvent: 'DELETE FROM events WHERE id IS ?',
  deleteEntries: `DELETE FROM timeline WHERE call_id = ?1 AND position IN
    (SELECT position FROM timeline WHERE call_id = ?1 ORDER BY position LIMIT ${ENTRIES})`,
  deleteJobs: 'DELETE FROM insight_jobs WHERE call_id = ?',
  deleteTranscripts: `DELETE FROM transcripts WHERE recording_id IN
    (SELECT recording_id FROM transcripts WHERE call_id = ? LIMIT ${TRANSCRIPTS})`,
  deleteParts: 'DELETE FROM insight_parts WHERE call_id = ?',
  recordings: `SELECT id FROM recordings WHERE call_id = ? ORDER BY created_at LIMIT ${RECORDINGS}`,
  files: 'SELECT file FROM recordings WHERE call_id = ?',
  recording: 'SELECT call_id, file FROM recordings WHERE id = ?',
  deleteJob: 'DELETE FROM insight_jobs WHERE recording_id = ?',
  deleteTranscript: 'DELETE FROM transcripts WHERE recording_id = ?',
  deleteRecording: 'DELETE FROM recordings WHERE id IS ?',
  deleteFile: 'INSERT OR IGNORE INTO file_deletions (file, at, due_at, attempts) VALUES (?, ?, 0, 0)',
} as const;

/**
 * Erases calls and recordings. The call's own row is deleted first, in one transaction that also notes the erasure; the
 * other rows follow in small transactions, and each file after the commit that notes it. After a crash between two
 * steps, the next start continues from these notes.
 */
export class Erasure {
  #group: GroupCommit;
  #clock: Clock;
  #run: Record<keyof typeof STATEMENTS, StatementSync>;

  constructor(database: DatabaseSync, group: GroupCommit, clock: Clock) {
    this.#group = group;
    this.#clock = clock;
    this.#run = prepareAll(database, STATEMENTS);
  }

  /**
   * Erases a call. Fails with `call_not_found`, `call_active`, `call_events_pending`.
   * @returns the files of its recordings.
   */
  async eraseCall(id: string): Promise<string[]> {
    // An error inside the transaction would also undo the other writes in it.
    const { refusal, rows } = await this.#group.write(() => {
      return { refusal: this.begin(id), rows: this.#run.files.all(id) };
    });
    if (refusal) throw refusal;
    return rows.flatMap(({ file }) => filesOf(file));
  }

  /** Erases the call's own row, inside a transaction. @returns the reason if the call cannot be erased yet. */
  begin(id: string): Failure | undefined {
    const run = this.#run;
    const call = run.call.get(id);
    if (!call) return run.isErasing.get(id) ? undefined : new Failure('call_not_found', 'call not found');
    if (call['open'] || run.openRecording.get(id) || run.openCharge.get(id)) {
      return new Failure('call_active', 'the call has not ended: hang up first');
    }
    if (run.pendingEvent.get(id)) {
      return new Failure('call_events_pending', 'events of the call are not delivered yet: try again later');
    }
    this.force(id);
    return undefined;
  }

  /** Erases the call's own row, inside a transaction, whatever the row holds. */
  force(id: string): void {
    const run = this.#run;
    run.begin.run(id, this.#clock.now());
    run.carryUsage.run(id);
    run.maskCharges.run(id);
    run.forgetKeys.run(id);
    // A process that works on a recording of the call can then write nothing more.
    run.deleteJobs.run(id);
    run.deleteCall.run(id);
  }

  /** Deletes some remaining rows of this erased call, or of any. @returns whether there were any. */
  continueErasing(callId?: string): Promise<boolean> {
    const { next, isErasing } = this.#run;
    return this.#group.write(() => {
      for (let rows = 0, steps = 0; rows < ROWS && steps < STEPS; steps += 1) {
        const row = callId === undefined ? next.get() : isErasing.get(callId);
        if (!row) return steps > 0;
        const id = row['call_id'] as string;
        const deleted = this.#deleteSome(id);
        rows += deleted;
        if (deleted === 0) this.#run.end.run(id);
      }
      return true;
    });
  }

  /** Deletes a recording. @returns its files; none if there is no such recording. */
  deleteRecording(id: string): Promise<string[]> {
    return this.#group.write(() => this.recording(id));
  }

  /** Deletes a recording and its insights, inside a transaction, and notes its files. @returns the files. */
  recording(id: SQLInputValue): string[] {
    const run = this.#run;
    const row = run.recording.get(id);
    if (!row) return [];
    // The job first: the process that holds it can then write nothing more.
    run.deleteJob.run(id);
    run.deleteTranscript.run(id);
    run.deleteParts.run(row['call_id'] as SQLInputValue);
    const files = filesOf(row['file']);
    for (const file of files) run.deleteFile.run(file, this.#clock.now());
    run.deleteRecording.run(id);
    return files;
  }

  /** Deletes an event and its attempts, inside a transaction. */
  event(id: SQLInputValue): void {
    this.#run.deleteAttempts.run(id);
    this.#run.deleteEvent.run(id);
  }

  /** Deletes rows of one kind. @returns their number, or a greater one if they were large. */
  #deleteSome(id: string): number {
    const run = this.#run;
    const all = run.events.all(id);
    const events = withinStep(all);
    for (const event of events) this.event(event['id'] as SQLInputValue);
    if (events.length > 0) return events.length < all.length ? ROWS : events.length;
    for (const name of ['deleteEntries', 'deleteTranscripts', 'deleteParts'] as const) {
      const rows = Number(run[name].run(id).changes);
      if (rows > 0) return rows;
    }
    const recordings = run.recordings.all(id);
    for (const recording of recordings) this.recording(recording['id'] as SQLInputValue);
    return recordings.length;
  }
}

/**
 * Returns the first rows, as many as one transaction can delete, by their number and their `bytes`, but at least one.
 * Rows that are not `deletable` do not count.
 */
export function withinStep<Row extends Record<string, unknown>>(rows: Row[], most = Infinity): Row[] {
  let [deleted, bytes] = [0, 0];
  const beyond = rows.findIndex((row) => {
    if (Number(row['deletable'] ?? 1) !== 1) return false;
    deleted += 1;
    bytes += Number(row['bytes'] ?? 0);
    return deleted > most || (deleted > 1 && bytes > BYTES);
  });
  return beyond === -1 ? rows : rows.slice(0, beyond);
}

/** Returns the files of a recording. An MP3 may have left the WAV file that it was encoded from. */
function filesOf(file: unknown): string[] {
  if (typeof file !== 'string' || file === '') return [];
  return file.endsWith('.mp3') ? [file, file.replace(/\.mp3$/, '.wav')] : [file];
}
