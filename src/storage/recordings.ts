import type { Kysely } from 'kysely';
import type { RecordingFilter, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import type { Tables } from './layouts.ts';
import { type Condition, type Listing, readPage } from './listing.ts';
import type { Readers } from './readers.ts';

/** What can be read about recordings, by any database that Kysely speaks to. */
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
  const ofCall = callId !== undefined;
  return {
    table: 'recordings',
    key: 'id',
    long: ['gaps', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    indexed: ofCall ? conditions.slice(0, 1) : conditions,
    others: ofCall ? conditions.slice(1) : [],
  };
}
