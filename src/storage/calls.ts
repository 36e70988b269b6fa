import type { Kysely } from 'kysely';
import {
  type CallFilter,
  type CallRecord,
  type CallStore,
  type IdempotencyStore,
  isFinal,
  type PendingByeStore,
  type TimelineEntry,
} from '../calls/index.ts';
import type { Position } from './cursor.ts';
import { conditionsOf, type Index, type Listing, readPage } from './listing.ts';
import { PARTIAL } from './partial-indexes.ts';
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
      const open = db.selectFrom('calls').selectAll().where(PARTIAL.openCalls);
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

function listingOf(filter: CallFilter, { calls }: Readers): Listing<CallRecord> {
  const { applicationId, status, direction, from, to, createdAfter, createdBefore } = filter;
  const columns = { applicationId, status, direction, from, to };
  return {
    table: 'calls',
    reader: calls,
    key: 'id',
    longColumns: ['metadata', 'variables', 'error'],
    order: { columns: ['createdAt', 'id'], kinds: ['number', 'string'], descending: true },
    range: { from: firstAt(createdAfter), before: firstAt(createdBefore) },
    ...conditionsOf(columns, indexOf(filter)),
  };
}

/** The position of the first call at a time. */
const firstAt = (time: number | undefined): Position | undefined =>
  time === undefined ? undefined : [time, ''];

/** The most selective index for a filter. Most calls are completed, so that no index finds them better than the order. */
function indexOf({ to, from, status, applicationId }: CallFilter): Index {
  if (to !== undefined) return { columns: ['to'] };
  if (from !== undefined) return { columns: ['from'] };
  if (status === undefined || status === 'completed') return { columns: ['applicationId'] };
  if (!isFinal(status)) return { columns: ['status'], partial: PARTIAL.openCalls };
  if (applicationId === undefined) return { columns: ['status'], partial: PARTIAL.unsuccessfulCalls };
  return { columns: ['applicationId', 'status'], partial: PARTIAL.unsuccessfulCallsOfApplication };
}

const timelineOf = (callId: string, { timeline }: Readers): Listing<TimelineEntry> => ({
  table: 'timeline',
  reader: timeline,
  key: 'position',
  parent: ['callId', '=', callId],
  longColumns: ['data'],
  order: { columns: ['position'], kinds: ['number'], descending: false },
  indexed: [],
});
