import type { Kysely } from 'kysely';
import type { FarewellStore } from '../calls/index.ts';
import type { Tables } from './layouts.ts';
import type { Readers } from './readers.ts';

/** What to say to the peers of a process that has died. */
export function farewellStore(
  db: Kysely<Tables>,
  { pendingByes }: Readers,
): Pick<FarewellStore, 'farewells'> {
  return {
    async farewells() {
      return pendingByes.all(await db.selectFrom('farewells').selectAll().execute());
    },
  };
}

/** Written while calls run: with the other writes of that moment, in one transaction. */
export function farewellTexts(db: Kysely<Tables>) {
  const row = { key: '', farewell: '' };
  return {
    keepFarewell: db.replaceInto('farewells').values(row).compile().sql,
    dropFarewell: db.deleteFrom('farewells').where('key', '=', '').compile().sql,
  };
}
