import type { Kysely, Migration } from 'kysely';

/** Finds the idempotency keys of a call, to erase them. */
export const erasure: Migration = {
  async up(db: Kysely<unknown>) {
    const index = db.schema.createIndex('idempotency_keys_by_call_id').on('idempotency_keys');
    await index.column('call_id').execute();
  },
};
