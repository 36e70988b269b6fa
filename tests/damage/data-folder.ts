import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { systemClock } from '../../src/core/index.ts';
import { aTranscript, someParts } from '../../src/insights/testing/records.ts';
import { openSqliteStorage } from '../../src/storage/index.ts';
import { aCall, anAttempt, anEvent, aRecording } from '../../src/storage/testing/records.ts';

/** The owner of the rows. */
export interface Owner {
  customerId: string;
  applicationId: string;
}

/** Every table whose rows are read, with its key and unique columns. */
const TABLES: Record<string, { key: string[]; unique?: string[] }> = {
  calls: { key: ['id'] },
  recordings: { key: ['id'] },
  events: { key: ['id'], unique: ['sequence'] },
  attempts: { key: ['id'] },
  timeline: { key: ['position'] },
  customers: { key: ['id'] },
  applications: { key: ['id'] },
  api_keys: { key: ['id'], unique: ['sha256'] },
  dids: { key: ['id'], unique: ['number_e164'] },
  trunks: { key: ['id'], unique: ['gateway_name'] },
  phones: { key: ['id'], unique: ['username'] },
  verified_numbers: { key: ['id'], unique: ['number_e164'] },
  accounts: { key: ['customer_id'] },
  rates: { key: ['id'] },
  adjustments: { key: ['id'] },
  charges: { key: ['leg_id'] },
  transcripts: { key: ['recording_id'] },
  insight_parts: { key: ['call_id'] },
  insight_jobs: { key: ['recording_id'] },
  pending_byes: { key: ['key'] },
  idempotency_keys: { key: ['key'] },
};

/**
 * Inserts a row into every table that calls write. The directory and the rates exist already.
 * @returns the id of the open call.
 */
export async function fillWithCalls(folder: string, owner: Owner): Promise<string> {
  const file = join(folder, 'minivoice.db');
  const storage = await openSqliteStorage({ file, clock: systemClock, hasWebhook: () => true });
  const owned = { ...owner, routingTarget: owner.applicationId };
  const open = aCall(storage.ids.next('call'), { ...owned, status: 'in_progress' });
  const ended = aCall(storage.ids.next('call'), {
    ...owned,
    status: 'completed',
    endedAt: 1_780_056_009_000,
  });
  const recording = aRecording(ended, { status: 'completed', endedAt: ended.endedAt });
  const line = { callId: ended.id, at: ended.createdAt, kind: 'action', data: { type: 'say' } };
  const idempotencyKey = { key: 'once', requestHash: 'hash' };
  await storage.commit({ call: open, recording: aRecording(open), events: [anEvent(open, 'call.created')] });
  await storage.commit({
    call: ended,
    recording,
    events: [anEvent(ended)],
    timeline: [line],
    idempotencyKey,
  });
  const { data: events } = await storage.events({ callId: ended.id }, { limit: 1 });
  const attempted = { ...events[0]!, attempts: 1, nextAttemptAt: ended.createdAt };
  await storage.saveAttempt(
    anAttempt(storage.ids.next('dlv'), attempted.id, { status: 500, error: 'no' }),
    attempted,
  );
  const of = { recordingId: recording.id, callId: ended.id, applicationId: owner.applicationId };
  await storage.commit({ insights: { transcript: aTranscript(of) } });
  for (const part of someParts(of)) await storage.commit({ insights: { part } });
  await storage.commit({ insights: { enqueue: [{ ...of, createdAt: ended.createdAt }] } });
  await storage.commit({ billing: { charges: [charge(open.id, owner)] } });
  const { customerId } = owner;
  const verified = { id: 'num_1', customerId, numberE164: '+15550100077', createdAt: 1 };
  await storage.saveVerifiedNumber(verified);
  await storage.keepPendingBye('a@127.0.0.1 tag', {
    ...{
      method: 'BYE',
      target: 'sip:a@127.0.0.1:9',
      destination: { transport: 'tcp', address: '127.0.0.1', port: 9 },
    },
    ...{ callId: 'a', seq: 2, from: '<sip:b@127.0.0.1>;tag=1', to: '<sip:a@127.0.0.1>;tag=2', headers: [] },
  });
  await storage.close();
  return open.id;
}

function charge(callId: string, owner: Owner) {
  return {
    ...{ legId: 'leg-1', callLegId: 'leg-0', callId, ...owner, destination: '+4930', prefix: '+49' },
    ...{ currency: 'EUR', status: 'reserved' as const, pricePerMinute: 10_000, firstIncrement: 60 },
    ...{
      furtherIncrement: 60,
      reserved: 10_000,
      amount: 0,
      billedSeconds: 0,
      createdAt: 1,
      answeredAt: null,
    },
    settledAt: null,
  };
}

/**
 * Copies the folder and adds damaged rows: for every column of every table, one with `bad` in it.
 * @returns the number of inserted rows.
 */
export function damaged(folder: string, copy: string, bad: SQLInputValue): number {
  cpSync(folder, copy, { recursive: true });
  const file = join(copy, 'minivoice.db');
  copyFileSync(join(folder, 'minivoice.db'), file);
  allowNulls(file);
  const database = new DatabaseSync(file);
  database.exec('PRAGMA foreign_keys = OFF');
  let rows = 0;
  for (const [table, names] of Object.entries(TABLES)) {
    const row = database.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
    if (!row) throw new Error(`${table} is empty`);
    const columns = Object.keys(row);
    for (const [at, column] of columns.entries()) {
      const copied: Record<string, unknown> = { ...row };
      for (const name of [...names.key, ...(names.unique ?? [])])
        copied[name] = typeof row[name] === 'number' ? row[name] + 100 + at : `${row[name]}9${at}`;
      copied[column] = bad;
      const marks = columns.map(() => '?').join(', ');
      const quoted = columns.map((name) => `"${name}"`).join(', ');
      const insert = database.prepare(`INSERT OR IGNORE INTO ${table} (${quoted}) VALUES (${marks})`);
      rows += Number(insert.run(...(Object.values(copied) as SQLInputValue[])).changes);
    }
  }
  database.close();
  return rows;
}

/** Removes NOT NULL constraints: a damaged file may contain what no program writes. */
function allowNulls(file: string): void {
  const database = new DatabaseSync(file, { defensive: false });
  database.exec(`PRAGMA writable_schema = ON;
    UPDATE sqlite_master SET sql = replace(replace(sql, ' not null', ''), ' NOT NULL', '')
    WHERE type = 'table' AND name NOT LIKE 'transcript_index%' AND name NOT LIKE 'kysely%'`);
  database.close();
}
