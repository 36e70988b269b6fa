import type { Kysely } from 'kysely';
import type { RecordingFilter, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import { conditionsOf, type Index, type Listing, readPage } from './listing.ts';
import { PARTIAL } from './partial-indexes.ts';
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
      const open = db.selectFrom('recordings').selectAll().where(PARTIAL.unfinishedRecordings);
      return reader.all(
        await open.where('status', '=', 'started').orderBy('createdAt').orderBy('id').execute(),
      );
    },
  };
}

function listingOf(filter: RecordingFilter): Omit<Listing<RecordingRecord>, 'reader'> {
  const { applicationId, callId, status } = filter;
  return {
    table: 'recordings',
    key: 'id',
    longColumns: ['gaps', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    ...conditionsOf({ callId, applicationId, status }, indexOf(filter)),
  };
}

/** Most recordings are completed, so that no index finds them better than the order. */
function indexOf({ callId, status }: RecordingFilter): Index {
  if (callId !== undefined) return { columns: ['callId'] };
  if (status === undefined || status === 'completed') return { columns: ['applicationId'] };
  return { columns: ['applicationId', 'status'], partial: PARTIAL.unfinishedRecordings };
}
