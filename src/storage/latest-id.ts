import type { Kysely } from 'kysely';
import type { Tables } from './tables/index.ts';

const TABLES = [
  'calls',
  'events',
  'attempts',
  'customers',
  'applications',
  'apiKeys',
  'dids',
  'trunks',
  'phones',
  'rates',
  'adjustments',
] as const;

/** Rows of a table that are examined, the greatest first, because damaged rows may have any id. */
const EXAMINED_ROWS = 50;

/** Returns the latest id of all tables by its time. New ids must be greater, even if the clock was set back. */
export async function latestId(db: Kysely<Tables>): Promise<string | undefined> {
  let latest: string | undefined;
  for (const table of TABLES) {
    const rows = await db.selectFrom(table).select('id').orderBy('id', 'desc').limit(EXAMINED_ROWS).execute();
    const id = rows.map((row) => row.id).find((one) => typeof one === 'string' && ID.test(one));
    if (id !== undefined && time(id) > time(latest ?? '')) latest = id;
  }
  return latest;
}

/** Contract 2: a prefix, and a time of fixed width, which sorts as text. */
const ID = /^[a-z]+_\d{8}T\d{6}\.\d{9}$/;

function time(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
