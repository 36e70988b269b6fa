import type { Kysely, Migration } from 'kysely';

/** Idempotency keys of requests, and the call that each request created. */
export const idempotency: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('idempotency_keys')
      .addColumn('application_id', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('request_hash', 'text', (column) => column.notNull())
      .addColumn('call_id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('idempotency_keys_by_key', ['application_id', 'key'])
      .execute();
    await db.schema.createIndex('idempotency_keys_by_at').on('idempotency_keys').columns(['at']).execute();
  },
};
