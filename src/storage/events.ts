import { type Kysely, sql } from 'kysely';
import {
  type AttemptRecord,
  type EventFilter,
  type EventRecord,
  type EventStore,
  type OutboxStore,
  PATIENCE,
} from '../webhooks/index.ts';
import type { Tables } from './layouts.ts';
import { type Condition, type Listing, loadInTurns, readMany, readPage } from './listing.ts';
import type { Quarantine } from './quarantine.ts';
import type { Readers } from './readers.ts';

/** Parked events are read again after a second: they need not all be read at once. */
const DUE_BYTES = 8 * 1024 * 1024;

/** The log of events and what is still to be delivered, by any database that Kysely speaks to. */
export function eventStore(
  db: Kysely<Tables>,
  readers: Readers,
  quarantine: Pick<Quarantine, 'of'>,
): EventStore & Pick<OutboxStore, Reading> {
  const reader = readers.events;
  const without = () => quarantine.of('events');
  return {
    async event(id) {
      const row = await db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst();
      return row && reader.one(row);
    },
    events: (filter, page) => readPage(db, { ...listingOf(filter), reader }, page),
    attempts: (eventId, page) => readPage(db, { ...attemptsOf(eventId), reader: readers.attempts }, page),
    async pendingEvents(limit, maxBytes) {
      const { data: events, more } = await readMany(db, { ...PENDING, reader, without }, limit, maxBytes);
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
        const damaged = without();
        let due = parked(db).select(['id', bytes]).where('nextAttemptAt', '<=', at);
        if (damaged.length > 0) due = due.where('id', 'not in', damaged);
        const rows = await due.orderBy('nextAttemptAt').limit(limit).execute();
        const { data } = await loadInTurns(db, { ...EVENTS, reader }, rows, DUE_BYTES);
        // Rows that cannot be used are not to keep those behind them from their turn.
        if (data.length > 0 || without().length === damaged.length) return data;
      }
    },
  };
}

type Events = Omit<Listing<EventRecord>, 'reader'>;

type Reading = 'pendingEvents' | 'parkedEvents' | 'nextDueAt' | 'dueEvents';

/** Written as its index has it, number for number: only then is the index used. */
function parked(db: Kysely<Tables>) {
  const isParked = sql<boolean>`state = 'pending' and attempts >= ${sql.lit(PATIENCE)}`;
  return db.selectFrom('events').where(isParked);
}

/** Those of a call in order of sequence; otherwise newest first, by the most telling index. */
function listingOf({ applicationId, callId, event, state }: EventFilter): Events {
  const conditions = Object.entries({ callId, applicationId, state, event })
    .filter(([, value]) => value !== undefined)
    .map(([column, value]): Condition => [column, '=', value!]);
  const indexed = conditions.slice(0, conditions[0]?.[0] === 'applicationId' ? 2 : 1);
  return {
    ...EVENTS,
    order: callId === undefined ? NEWEST : { columns: ['sequence'], kinds: ['number'], descending: false },
    indexed,
    others: conditions.slice(indexed.length),
  };
}

const NEWEST: Listing<EventRecord>['order'] = { columns: ['id'], kinds: ['string'], descending: true };
const EVENTS: Events = {
  table: 'events',
  key: 'id',
  long: ['call', 'data'],
  order: NEWEST,
  indexed: [],
};

/** In order of call and sequence. */
const PENDING: Events = {
  ...EVENTS,
  order: { columns: ['callId', 'sequence'], kinds: ['string', 'number'], descending: false },
  indexed: [
    ['state', '=', 'pending'],
    ['attempts', '<', PATIENCE],
  ],
};

const attemptsOf = (eventId: string): Omit<Listing<AttemptRecord>, 'reader'> => ({
  table: 'attempts',
  key: 'id',
  long: ['answer', 'error'],
  order: { columns: ['id'], kinds: ['string'], descending: false },
  indexed: [['eventId', '=', eventId]],
});
