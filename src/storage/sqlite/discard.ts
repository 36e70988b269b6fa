import type { DatabaseSync } from 'node:sqlite';
import type { Quarantine } from '../quarantine.ts';
import { snakeCase, tables } from '../tables/index.ts';
import type { Erasure } from './erasure.ts';
import type { GroupCommit } from './group-commit.ts';

/** The key columns of every table whose rows can be in quarantine. */
const KEYS = new Map(Object.values(tables).map(({ name, key }) => [name, key.map(snakeCase)]));

/** Returns a function that deletes rows in quarantine, and no others. */
export function discardOver(
  database: DatabaseSync,
  group: GroupCommit,
  quarantine: Quarantine,
  erasure: Erasure,
) {
  return async (table: string, id: string): Promise<boolean> => {
    const columns = KEYS.get(table);
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

/** Parses a key as `RowReader` writes it. Blobs are hexadecimal, null is `null`, a slash separates two columns. */
function valuesOf(id: string, columns: number): (string | Uint8Array | null)[] {
  const at = columns === 1 ? -1 : id.lastIndexOf('/');
  const parts = at < 0 ? [id] : [id.slice(0, at), id.slice(at + 1)];
  return parts.map((part) => {
    const bytes = /^x'([0-9a-f]*)'$/.exec(part)?.[1];
    if (bytes !== undefined) return Buffer.from(bytes, 'hex');
    return part === 'null' ? null : part;
  });
}
