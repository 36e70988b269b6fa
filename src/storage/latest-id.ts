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

/** The greatest id of all tables by its time, so that new ids are greater even if the clock was set back. */
export async function latestId(db: Kysely<Tables>): Promise<string | undefined> {
  let latest: string | undefined;
  for (const table of tables) {
    const { id } = await db
      .selectFrom(table)
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirstOrThrow();
    if (id !== null && time(id) > time(latest ?? '')) latest = id;
  }
  return latest;
}

/** Contract 2: what stands after the prefix is a time of fixed width, so that it sorts as text. */
function time(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
