import type { Kysely, Migration } from 'kysely';

/** Adds the country of a trunk's number formats, and the SIP header fields of a call. */
export const sipFields: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('trunks').addColumn('country', 'text').execute();
    await db.schema.alterTable('calls').addColumn('sip_headers', 'text').execute();
  },
};
