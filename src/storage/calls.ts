import type { Kysely } from 'kysely';
import type { CallFilter, CallRecord, CallStore, PageRequest, TimelineEntry } from '../calls/index.ts';
import { decodeCursor, toPage } from './cursor.ts';
import { callLayout, fromRow, type Tables, timelineLayout } from './layouts.ts';

const readCall = (row: object) => fromRow<CallRecord>(callLayout, row);

/** What can be read about calls, by any database that Kysely speaks to. */
export function callStore(db: Kysely<Tables>): CallStore {
  return {
    async call(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst();
      return row && readCall(row);
    },
    async calls(filter, page) {
      const rows = await selectCalls(db, filter, page).execute();
      return toPage(rows, page.limit, readCall, (row) => [row.createdAt, row.id]);
    },
    async openCalls() {
      const open = db
        .selectFrom('calls')
        .selectAll()
        .where('status', 'in', ['dialing', 'ringing', 'in_progress']);
      return (await open.orderBy('createdAt').orderBy('id').execute()).map(readCall);
    },
    async timeline(callId) {
      const lines = db.selectFrom('timeline').selectAll().where('callId', '=', callId);
      const rows = await lines.orderBy('position').execute();
      return rows.map((row) => fromRow<TimelineEntry>(timelineLayout, row));
    },
  };
}

function selectCalls(db: Kysely<Tables>, filter: CallFilter, page: PageRequest) {
  let query = db.selectFrom('calls').selectAll();
  for (const column of ['applicationId', 'status', 'direction', 'from', 'to'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (filter.createdAfter !== undefined) query = query.where('createdAt', '>=', filter.createdAfter);
  if (filter.createdBefore !== undefined) query = query.where('createdAt', '<', filter.createdBefore);
  if (page.cursor) {
    const [at, id] = decodeCursor<[number, string]>(page.cursor, ['number', 'string']);
    query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('createdAt', 'id'), '<', tuple(at, id)));
  }
  return query
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
}
