import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Server } from '../../e2e/support/server.ts';
import type { Wire } from './rest.ts';

/** Data in the database that REST does not return. */
export function rowsOf({ dataDir }: Server, query: string): Wire[] {
  const database = new DatabaseSync(join(dataDir, 'minivoice.db'), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

/** Start and end of calls in milliseconds, by id. REST returns whole seconds. */
export function timesOf(server: Server): Map<string, { createdAt: number; endedAt: number }> {
  const rows = rowsOf(server, 'SELECT id, created_at AS createdAt, ended_at AS endedAt FROM calls');
  return new Map(rows.map((row) => [row['id'], row as never]));
}
