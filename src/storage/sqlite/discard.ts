import type { DatabaseSync } from 'node:sqlite';
import type { Quarantine } from '../quarantine.ts';
import type { Erasure } from './erasure.ts';
import type { GroupCommit } from './group-commit.ts';

/** The columns that name a row, for every table whose rows can be in quarantine. */
const KEYS: Record<string, string[]> = {
  calls: ['id'],
  recordings: ['id'],
  events: ['id'],
  attempts: ['id'],
  timeline: ['call_id', 'position'],
  customers: ['id'],
  applications: ['id'],
  api_keys: ['id'],
  dids: ['id'],
  trunks: ['id'],
  phones: ['id'],
  verified_numbers: ['id'],
  pending_byes: ['key'],
  accounts: ['customer_id'],
  rates: ['id'],
  adjustments: ['id'],
  charges: ['leg_id'],
  transcripts: ['recording_id'],
  insight_parts: ['call_id', 'part'],
  insight_jobs: ['recording_id'],
};

/** Deletes rows that are in quarantine, and no others. */
export function discardOver(
  database: DatabaseSync,
  group: GroupCommit,
  quarantine: Quarantine,
  erasure: Erasure,
) {
  return async (table: string, id: string): Promise<boolean> => {
    const columns = KEYS[table];
    if (!columns || !quarantine.has(table, id)) return false;
    await group.write(() => {
      if (table === 'calls') return erasure.force(id);
      if (table === 'recordings') return erasure.recording(id);
      const where = columns.map((column) => `${column} IS ?`).join(' AND ');
      database.prepare(`DELETE FROM ${table} WHERE ${where}`).run(...valuesOf(id, columns.length));
      if (table === 'events') database.prepare('DELETE FROM attempts WHERE event_id = ?').run(id);
    });
    quarantine.release(table, id);
    return true;
  };
}

/** As `RowReader` writes keys: octets in hexadecimal, nothing as `null`, several columns with a slash between. */
function valuesOf(id: string, columns: number): (string | Uint8Array | null)[] {
  const at = columns === 1 ? -1 : id.lastIndexOf('/');
  const parts = at < 0 ? [id] : [id.slice(0, at), id.slice(at + 1)];
  return parts.map((part) => {
    const octets = /^x'([0-9a-f]*)'$/.exec(part)?.[1];
    if (octets !== undefined) return Buffer.from(octets, 'hex');
    return part === 'null' ? null : part;
  });
}
