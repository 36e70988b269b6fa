import type { Kysely } from 'kysely';
import type { IdempotencyStore } from '../calls/index.ts';
import type { Tables } from './layouts.ts';

const DAY_MS = 86_400_000;

/** What keys of repeated requests have done, kept for a day. */
export function idempotencyStore(db: Kysely<Tables>): IdempotencyStore {
  return {
    async repeated(applicationId, key) {
      return db
        .selectFrom('idempotencyKeys')
        .select(['requestHash', 'callId'])
        .where('applicationId', '=', applicationId)
        .where('key', '=', key)
        .executeTakeFirst();
    },
    async keepKey(kept) {
      await db
        .deleteFrom('idempotencyKeys')
        .where('at', '<', kept.at - DAY_MS)
        .execute();
      await db.insertInto('idempotencyKeys').values(kept).execute();
    },
  };
}
