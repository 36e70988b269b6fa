import type { Kysely } from 'kysely';
import type { RecordingFilter, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import { type Condition, type Listing, readPage } from './listing.ts';
import type { Readers } from './row-reader.ts';
import type { Tables } from './tables/index.ts';

/** Reads recordings. */
export function recordingStore(db: Kysely<Tables>, { recordings: reader }: Readers): RecordingStore {
  return {
    async recording(id) {
      const row = await db.selectFrom('recordings').selectAll().where('id', '=', id).executeTakeFirst();
      return row && reader.one(row);
    },
    recordings: (filter, page) => readPage(db, { ...listingOf(filter), reader }, page),
    async openRecordings() {
      const open = db.selectFrom('recordings').selectAll().where('status', '=', 'started');
      return reader.all(await open.orderBy('createdAt').orderBy('id').execute());
    },
  };
}

function listingOf({
  applicationId,
  callId,
  status,
}: RecordingFilter): Omit<Listing<RecordingRecord>, 'reader'> {
  const conditions = Object.entries({ callId, applicationId, status })
    .filter(([, value]) => value !== undefined)
    .map(([column, value]): Condition => [column, '=', value!]);
  const isOfCall = callId !== undefined;
  return {
    table: 'recordings',
    key: 'id',
    longColumns: ['gaps', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    indexed: isOfCall ? conditions.slice(0, 1) : conditions,
    unindexed: isOfCall ? conditions.slice(1) : [],
  };
}
