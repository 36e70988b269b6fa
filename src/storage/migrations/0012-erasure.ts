import type { Kysely, Migration } from 'kysely';

/** What a call leaves elsewhere is found by the call. */
export const erasure: Migration = {
  async up(db: Kysely<unknown>) {
    const index = db.schema.createIndex('idempotency_keys_by_call_id').on('idempotency_keys');
    await index.column('call_id').execute();
  },
};
