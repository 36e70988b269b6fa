import type { Kysely } from 'kysely';
import type { CallFilter, CallRecord, CallStore, TimelineEntry } from '../calls/index.ts';
import { callLayout, fromRow, type Tables, timelineLayout } from './layouts.ts';
import { type Condition, type Listing, readPage } from './listing.ts';

const readCall = (row: object) => fromRow<CallRecord>(callLayout, row);

/** What can be read about calls, by any database that Kysely speaks to. */
export function callStore(db: Kysely<Tables>): CallStore {
  return {
    async call(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst();
      return row && readCall(row);
    },
    calls: (filter, page) => readPage(db, listingOf(filter), page),
    async openCalls() {
      const open = db
        .selectFrom('calls')
        .selectAll()
        .where('status', 'in', ['dialing', 'ringing', 'in_progress']);
      return (await open.orderBy('createdAt').orderBy('id').execute()).map(readCall);
    },
    timeline: (callId, page) => readPage(db, timelineOf(callId), page),
  };
}

/** Each of these conditions has an index in the order of the list; of several the most telling one is used. */
function listingOf(filter: CallFilter): Listing<CallRecord> {
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
    layout: callLayout,
    key: 'id',
    long: ['metadata', 'variables', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    indexed: [...conditions.filter(isIndexed), ...times],
    others: conditions.filter((condition) => !isIndexed(condition)),
  };
}

const timelineOf = (callId: string): Listing<TimelineEntry> => ({
  table: 'timeline',
  layout: timelineLayout,
  key: 'position',
  long: ['data'],
  order: { columns: ['position'], kinds: ['number'], descending: false },
  indexed: [['callId', '=', callId]],
});
