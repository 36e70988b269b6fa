import type { Kysely } from 'kysely';
import type { Tables } from './layouts.ts';

const tables = [
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

/** Rows of a table that are looked at, the greatest first: the ids of damaged ones may be anything. */
const LOOKED_AT = 50;

/** The greatest id of all tables by its time, so that new ids are greater even if the clock was set back. */
export async function latestId(db: Kysely<Tables>): Promise<string | undefined> {
  let latest: string | undefined;
  for (const table of tables) {
    const rows = await db.selectFrom(table).select('id').orderBy('id', 'desc').limit(LOOKED_AT).execute();
    const id = rows.map((row) => row.id).find((one) => typeof one === 'string' && ID.test(one));
    if (id !== undefined && time(id) > time(latest ?? '')) latest = id;
  }
  return latest;
}

/** Contract 2: what stands after the prefix is a time of fixed width, so that it sorts as text. */
const ID = /^[a-z]+_\d{8}T\d{6}\.\d{9}$/;

function time(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
