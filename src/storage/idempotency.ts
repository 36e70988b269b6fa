import type { Kysely } from 'kysely';
import type { IdempotencyStore } from '../calls/index.ts';
import type { Tables } from './layouts.ts';

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
  };
}

/** Written with the call that a key has placed. */
export function idempotencyTexts(db: Kysely<Tables>) {
  const row = { applicationId: '', key: '', requestHash: '', callId: '', at: 0 };
  return {
    keepKey: db.replaceInto('idempotencyKeys').values(row).compile().sql,
    /** at: those before it */
    forgetKeys: db.deleteFrom('idempotencyKeys').where('at', '<', 0).compile().sql,
  };
}
