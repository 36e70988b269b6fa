import type { Kysely } from 'kysely';
import type { PendingByeStore } from '../calls/index.ts';
import type { Tables } from './layouts.ts';
import type { Readers } from './readers.ts';

/** What to say to the peers of a process that has died. */
export function pendingByeStore(
  db: Kysely<Tables>,
  { pendingByes }: Readers,
): Pick<PendingByeStore, 'pendingByes'> {
  return {
    async pendingByes() {
      return pendingByes.all(await db.selectFrom('pendingByes').selectAll().execute());
    },
  };
}

/** Written while calls run: with the other writes of that moment, in one transaction. */
export function pendingByeTexts(db: Kysely<Tables>) {
  const row = { key: '', pendingBye: '' };
  return {
    keepPendingBye: db.replaceInto('pendingByes').values(row).compile().sql,
    dropPendingBye: db.deleteFrom('pendingByes').where('key', '=', '').compile().sql,
  };
}
