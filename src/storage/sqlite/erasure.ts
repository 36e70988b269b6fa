import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Clock, Failure } from '../../core/index.ts';
import type { GroupCommit } from './group-commit.ts';

/** Rows that go in one transaction: few, so that the thread is held for some milliseconds at most. */
const EVENTS = 25;
const LINES = 50;
const TRANSCRIPTS = 2;
const RECORDINGS = 20;
const ROWS = 50;
const STEPS = 50;
/** So many octets of events: what is deleted is overwritten, and an event may hold half a megabyte. */
const BYTES = 2_000_000;
/** What an event takes, in octets. */
export const EVENT_BYTES = 'octet_length(call) + octet_length(data)';

const DAY_MS = 86_400_000;

/** A call that lasts, by the column `status`. */
export const IS_OPEN = "status IN ('dialing', 'ringing', 'in_progress')";

const TEXTS = {
  call: `SELECT ${IS_OPEN} AS open FROM calls WHERE id = ?`,
  pendingEvent: "SELECT 1 FROM events WHERE call_id = ? AND state = 'pending' AND sequence > 0 LIMIT 1",
  openRecording: "SELECT 1 FROM recordings WHERE call_id = ? AND status = 'started' LIMIT 1",
  openCharge: "SELECT 1 FROM charges WHERE call_id = ? AND +status = 'reserved' LIMIT 1",
  // As `usage` counts: by the day on which the call was created, since the call itself is gone.
  carryUsage: `INSERT INTO carried_usage (application_id, day, calls, billsec_seconds, cost)
    SELECT application_id, created_at - created_at % ${DAY_MS}, 1,
      CASE WHEN ended_at > answered_at THEN (ended_at - answered_at) / 1000 ELSE 0 END, coalesce(cost_amount, 0)
    FROM calls WHERE id = ?
    ON CONFLICT (application_id, day) DO UPDATE SET calls = carried_usage.calls + 1,
      billsec_seconds = carried_usage.billsec_seconds + excluded.billsec_seconds,
      cost = carried_usage.cost + excluded.cost`,
  // The money stays in the ledger; who was called, and when, does not.
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
  deleteLines: `DELETE FROM timeline WHERE call_id = ?1 AND position IN
    (SELECT position FROM timeline WHERE call_id = ?1 ORDER BY position LIMIT ${LINES})`,
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

type Statements = Record<keyof typeof TEXTS, StatementSync>;

/**
 * Erases calls and recordings. A call's own row goes first, in one transaction with a note that the rest is to go; the
 * rest goes in small transactions, and files last, each after the commit that notes it. So a crash between any two
 * steps leaves notes from which the next start goes on.
 */
export class Erasure {
  #group: GroupCommit;
  #clock: Clock;
  #run: Statements;

  constructor(database: DatabaseSync, group: GroupCommit, clock: Clock) {
    this.#group = group;
    this.#clock = clock;
    const prepared = Object.entries(TEXTS).map(([name, text]) => [name, database.prepare(text)]);
    this.#run = Object.fromEntries(prepared);
  }

  /** @returns the files of its recordings. Fails with `call_not_found`, `call_active`, `call_events_pending`. */
  async eraseCall(id: string): Promise<string[]> {
    // Throwing in the transaction would undo what others write in it.
    const { refusal, rows } = await this.#group.write(() => {
      return { refusal: this.begin(id), rows: this.#run.files.all(id) };
    });
    if (refusal) throw refusal;
    return rows.flatMap(({ file }) => filesOf(file));
  }

  /** Inside a transaction: erases the call itself, unless something still happens to it. */
  begin(id: string): Failure | undefined {
    const run = this.#run;
    const call = run.call.get(id);
    if (!call) return run.isErasing.get(id) ? undefined : new Failure('call_not_found', 'call not found');
    if (call['open'] || run.openRecording.get(id) || run.openCharge.get(id)) {
      return new Failure('call_active', 'the call is not over yet: hang up first');
    }
    if (run.pendingEvent.get(id)) {
      return new Failure(
        'call_events_pending',
        'events of the call are still to be delivered: try again later',
      );
    }
    this.force(id);
    return undefined;
  }

  /** Inside a transaction: erases the call itself, whatever its row holds. */
  force(id: string): void {
    const run = this.#run;
    run.begin.run(id, this.#clock.now());
    run.carryUsage.run(id);
    run.maskCharges.run(id);
    run.forgetKeys.run(id);
    // Whoever is at one of its recordings can then write nothing any more.
    run.deleteJobs.run(id);
    run.deleteCall.run(id);
  }

  /** Deletes some of what is left of this call, or of any, that is being erased. @returns whether anything was left. */
  continueErasing(callId?: string): Promise<boolean> {
    const { next, isErasing } = this.#run;
    return this.#group.write(() => {
      for (let rows = 0, steps = 0; rows < ROWS && steps < STEPS; steps += 1) {
        const row = callId === undefined ? next.get() : isErasing.get(callId);
        if (!row) return steps > 0;
        const id = row['call_id'] as string;
        const some = this.#some(id);
        rows += some;
        if (some === 0) this.#run.end.run(id);
      }
      return true;
    });
  }

  /** @returns its files; none where there is no such recording. */
  deleteRecording(id: string): Promise<string[]> {
    return this.#group.write(() => this.recording(id));
  }

  /** Inside a transaction: deletes a recording and what was derived from it, and notes its files, which it returns. */
  recording(id: SQLInputValue): string[] {
    const run = this.#run;
    const row = run.recording.get(id);
    if (!row) return [];
    // The job first: whoever is at it can then write nothing any more.
    run.deleteJob.run(id);
    run.deleteTranscript.run(id);
    run.deleteParts.run(row['call_id'] as SQLInputValue);
    const files = filesOf(row['file']);
    for (const file of files) run.deleteFile.run(file, this.#clock.now());
    run.deleteRecording.run(id);
    return files;
  }

  event(id: SQLInputValue): void {
    this.#run.deleteAttempts.run(id);
    this.#run.deleteEvent.run(id);
  }

  /** Deletes one kind of what is left. @returns how many rows, or more where they are large. */
  #some(id: string): number {
    const run = this.#run;
    const all = run.events.all(id);
    const events = withinBytes(all);
    for (const event of events) this.event(event['id'] as SQLInputValue);
    if (events.length > 0) return events.length < all.length ? ROWS : events.length;
    for (const name of ['deleteLines', 'deleteTranscripts', 'deleteParts'] as const) {
      const rows = Number(run[name].run(id).changes);
      if (rows > 0) return rows;
    }
    const recordings = run.recordings.all(id);
    for (const recording of recordings) this.recording(recording['id'] as SQLInputValue);
    return recordings.length;
  }
}

/** As many of the rows, from the first on, as one transaction can delete by their `bytes`. */
export function withinBytes<Row extends Record<string, unknown>>(rows: Row[]): Row[] {
  let bytes = 0;
  const beyond = rows.findIndex((row) => (bytes += Number(row['bytes'] ?? 0)) > BYTES);
  return beyond === -1 ? rows : rows.slice(0, Math.max(1, beyond));
}

/** A recording that became an MP3 may have left the WAV file that it was made of. */
function filesOf(file: unknown): string[] {
  if (typeof file !== 'string' || file === '') return [];
  return file.endsWith('.mp3') ? [file, file.replace(/\.mp3$/, '.wav')] : [file];
}
