import type { Kysely } from 'kysely';
import type { PageRequest } from '../calls/index.ts';
import type { RecordingFilter, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import { decodeCursor, toPage } from './cursor.ts';
import { forgetInsights } from './insights.ts';
import { fromRow, recordingLayout, type Tables } from './layouts.ts';

const readRecording = (row: object) => fromRow<RecordingRecord>(recordingLayout, row);

/** What can be read about recordings, by any database that Kysely speaks to. */
export function recordingStore(db: Kysely<Tables>): RecordingStore {
  return {
    async recording(id) {
      const row = await db.selectFrom('recordings').selectAll().where('id', '=', id).executeTakeFirst();
      return row && readRecording(row);
    },
    async recordings(filter, page) {
      const rows = await selectRecordings(db, filter, page).execute();
      return toPage(rows, page.limit, readRecording, (row) => [row.createdAt, row.id]);
    },
    async openRecordings() {
      const open = db.selectFrom('recordings').selectAll().where('status', '=', 'started');
      return (await open.orderBy('createdAt').orderBy('id').execute()).map(readRecording);
    },
    async deleteRecording(id) {
      await forgetInsights(db, id);
      await db.deleteFrom('recordings').where('id', '=', id).execute();
    },
  };
}

function selectRecordings(db: Kysely<Tables>, filter: RecordingFilter, page: PageRequest) {
  let query = db.selectFrom('recordings').selectAll();
  for (const column of ['applicationId', 'callId', 'status'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (page.cursor) {
    const [at, id] = decodeCursor<[number, string]>(page.cursor, ['number', 'string']);
    query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('createdAt', 'id'), '<', tuple(at, id)));
  }
  return query
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
}
