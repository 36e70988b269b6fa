import type { Kysely } from 'kysely';
import type {
  CallFilter,
  CallRecord,
  CallStore,
  IdempotencyStore,
  PendingByeStore,
  TimelineEntry,
} from '../calls/index.ts';
import { type Condition, type Listing, readPage } from './listing.ts';
import type { Readers } from './row-reader.ts';
import type { Tables } from './tables/index.ts';

/** Reads calls, their timelines, idempotency keys and pending BYEs. */
export function callStore(
  db: Kysely<Tables>,
  readers: Readers,
): CallStore & IdempotencyStore & Pick<PendingByeStore, 'pendingByes'> {
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
    async repeated(applicationId, key) {
      return db
        .selectFrom('idempotencyKeys')
        .select(['requestHash', 'callId'])
        .where('applicationId', '=', applicationId)
        .where('key', '=', key)
        .executeTakeFirst();
    },
    async pendingByes() {
      return readers.pendingByes.all(await db.selectFrom('pendingByes').selectAll().execute());
    },
  };
}

/** Each of these filters has an index in the order of the list; the most selective one is used. */
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
    longColumns: ['metadata', 'variables', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    indexed: [...conditions.filter(isIndexed), ...times],
    unindexed: conditions.filter((condition) => !isIndexed(condition)),
  };
}

const timelineOf = (callId: string, { timeline }: Readers): Listing<TimelineEntry> => ({
  table: 'timeline',
  reader: timeline,
  key: 'position',
  longColumns: ['data'],
  order: { columns: ['position'], kinds: ['number'], descending: false },
  indexed: [['callId', '=', callId]],
});
