import { type Kysely, sql } from 'kysely';
import {
  type AttemptRecord,
  type EventFilter,
  type EventRecord,
  type EventStore,
  type OutboxStore,
  PARK_AFTER_ATTEMPTS,
} from '../webhooks/index.ts';
import { type Condition, type Listing, loadInTurns, readMany, readPage } from './listing.ts';
import type { Quarantine } from './quarantine.ts';
import type { Readers } from './row-reader.ts';
import type { Tables } from './tables/index.ts';

/** The most bytes of parked events per read; the rest is read a second later. */
const DUE_BYTES = 8 * 1024 * 1024;

/** Reads events, their attempts, and the events that are not delivered yet. */
export function eventStore(
  db: Kysely<Tables>,
  readers: Readers,
  quarantine: Pick<Quarantine, 'of'>,
): EventStore & Pick<OutboxStore, Reads> {
  const reader = readers.events;
  const damagedKeys = () => quarantine.of('events');
  return {
    async event(id) {
      const row = await db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst();
      return row && reader.one(row);
    },
    events: (filter, page) => readPage(db, { ...listingOf(filter), reader }, page),
    attempts: (eventId, page) => readPage(db, { ...attemptsOf(eventId), reader: readers.attempts }, page),
    async pendingEvents(limit, maxBytes) {
      const { data: events, more } = await readMany(db, { ...PENDING, reader, damagedKeys }, limit, maxBytes);
      return { events, more };
    },
    async parkedEvents() {
      const count = sql<number>`count(*)`.as('count');
      const all = parked(db).select((eb) => [count, eb.fn.min('createdAt').as('oldestAt')]);
      const { count: found, oldestAt } = await all.executeTakeFirstOrThrow();
      return { count: found, oldestAt: typeof oldestAt === 'number' ? oldestAt : null };
    },
    async nextDueAt(after) {
      const next = parked(db).select((eb) => eb.fn.min('nextAttemptAt').as('dueAt'));
      const { dueAt } = await next.where('nextAttemptAt', '>', after).executeTakeFirstOrThrow();
      return typeof dueAt === 'number' ? dueAt : null;
    },
    async dueEvents(at, limit) {
      const bytes = sql<number>`octet_length(call) + octet_length(data)`.as('bytes');
      for (;;) {
        const damaged = damagedKeys();
        let due = parked(db).select(['id', bytes]).where('nextAttemptAt', '<=', at);
        if (damaged.length > 0) due = due.where('id', 'not in', damaged);
        const rows = await due.orderBy('nextAttemptAt').limit(limit).execute();
        const { data } = await loadInTurns(db, { ...EVENTS, reader }, rows, DUE_BYTES);
        // If all rows were damaged, the rows behind them are read instead.
        if (data.length > 0 || damagedKeys().length === damaged.length) return data;
      }
    },
  };
}

type Events = Omit<Listing<EventRecord>, 'reader'>;

type Reads = 'pendingEvents' | 'parkedEvents' | 'nextDueAt' | 'dueEvents';

/** Repeats the condition of the index literally: only then does SQLite use the index. */
function parked(db: Kysely<Tables>) {
  const isParked = sql<boolean>`state = 'pending' and attempts >= ${sql.lit(PARK_AFTER_ATTEMPTS)}`;
  return db.selectFrom('events').where(isParked);
}

/** Lists the events of a call by sequence; all others newest first, by the most selective index. */
function listingOf({ applicationId, callId, event, state }: EventFilter): Events {
  const conditions = Object.entries({ callId, applicationId, state, event })
    .filter(([, value]) => value !== undefined)
    .map(([column, value]): Condition => [column, '=', value!]);
  const indexed = conditions.slice(0, conditions[0]?.[0] === 'applicationId' ? 2 : 1);
  return {
    ...EVENTS,
    order: callId === undefined ? NEWEST : { columns: ['sequence'], kinds: ['number'], descending: false },
    indexed,
    unindexed: conditions.slice(indexed.length),
  };
}

const NEWEST: Listing<EventRecord>['order'] = { columns: ['id'], kinds: ['string'], descending: true };
const EVENTS: Events = {
  table: 'events',
  key: 'id',
  longColumns: ['call', 'data'],
  order: NEWEST,
  indexed: [],
};

/** Pending events that are not parked, by call and sequence. */
const PENDING: Events = {
  ...EVENTS,
  order: { columns: ['callId', 'sequence'], kinds: ['string', 'number'], descending: false },
  indexed: [
    ['state', '=', 'pending'],
    ['attempts', '<', PARK_AFTER_ATTEMPTS],
  ],
};

const attemptsOf = (eventId: string): Omit<Listing<AttemptRecord>, 'reader'> => ({
  table: 'attempts',
  key: 'id',
  longColumns: ['answer', 'error'],
  order: { columns: ['id'], kinds: ['string'], descending: false },
  indexed: [['eventId', '=', eventId]],
});
