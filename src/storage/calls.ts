import type { Kysely } from 'kysely';
import type { CallFilter, CallRecord, CallStore, TimelineEntry } from '../calls/index.ts';
import type { Tables } from './layouts.ts';
import { type Condition, type Listing, readPage } from './listing.ts';
import type { Readers } from './readers.ts';

/** What can be read about calls, by any database that Kysely speaks to. */
export function callStore(db: Kysely<Tables>, readers: Readers): CallStore {
  return {
    async call(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst();
      return row && readers.calls.one(row);
    },
    calls: (filter, page) => readPage(db, listingOf(filter, readers), page),
    async openCalls() {
      const open = db
        .selectFrom('calls')
        .selectAll()
        .where('status', 'in', ['dialing', 'ringing', 'in_progress']);
      return readers.calls.all(await open.orderBy('createdAt').orderBy('id').execute());
    },
    timeline: (callId, page) => readPage(db, timelineOf(callId, readers), page),
  };
}

/** Each of these conditions has an index in the order of the list; of several the most telling one is used. */
function listingOf(filter: CallFilter, { calls }: Readers): Listing<CallRecord> {
  const { applicationId, status, direction, from, to, createdAfter, createdBefore } = filter;
  const conditions = Object.entries({ to, from, applicationId, status, direction })
    .filter(([, value]) => value !== undefined)
    .map(([column, value]): Condition => [column, '=', value!]);
  const isIndexed = ([column]: Condition) =>
    column !== 'direction' &&
    (column === conditions[0]?.[0] || (column === 'status' && conditions[0]?.[0] === 'applicationId'));
  const times: Condition[] = [];
  if (createdAfter !== undefined) times.push(['createdAt', '>=', createdAfter]);
  if (createdBefore !== undefined) times.push(['createdAt', '<', createdBefore]);
  return {
    table: 'calls',
    reader: calls,
    key: 'id',
    long: ['metadata', 'variables', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    indexed: [...conditions.filter(isIndexed), ...times],
    others: conditions.filter((condition) => !isIndexed(condition)),
  };
}

const timelineOf = (callId: string, { timeline }: Readers): Listing<TimelineEntry> => ({
  table: 'timeline',
  reader: timeline,
  key: 'position',
  long: ['data'],
  order: { columns: ['position'], kinds: ['number'], descending: false },
  indexed: [['callId', '=', callId]],
});
