import { type Kysely, sql } from 'kysely';
import type { AttemptRecord, EventFilter, EventRecord, EventStore, OutboxStore } from '../webhooks/index.ts';
import { conditionsOf, type Index, type Listing, loadInTurns, readMany, readPage } from './listing.ts';
import { PARTIAL, USUAL_EVENTS } from './partial-indexes.ts';
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

const parked = (db: Kysely<Tables>) => db.selectFrom('events').where(PARTIAL.parkedEvents);

/** Lists the events of a call by sequence; all others newest first. */
function listingOf(filter: EventFilter): Events {
  const { applicationId, callId, event, state } = filter;
  return {
    ...EVENTS,
    order: callId === undefined ? NEWEST : { columns: ['sequence'], kinds: ['number'], descending: false },
    ...conditionsOf({ callId, applicationId, state, event }, indexOf(filter)),
  };
}

/** The most selective index for a filter. Usual states and events are found by the order alone. */
function indexOf({ applicationId, callId, event, state }: EventFilter): Index {
  if (callId !== undefined) return { columns: ['callId'] };
  const owner = applicationId === undefined ? [] : ['applicationId'];
  if (state === 'pending') return { columns: [], partial: PARTIAL.pendingEvents };
  if (state === 'dead') return { columns: [...owner, 'state'], partial: PARTIAL.deadEvents };
  if (event !== undefined && !USUAL_EVENTS.includes(event))
    return { columns: [...owner, 'event'], partial: PARTIAL.unusualEvents };
  return { columns: owner };
}

const NEWEST: Listing<EventRecord>['order'] = { columns: ['id'], kinds: ['string'], descending: true };
const EVENTS: Events = {
  table: 'events',
  key: 'id',
  longColumns: ['call', 'data'],
  order: NEWEST,
  indexed: [],
};

/** Pending events that are not parked, oldest first. Ids grow with the sequence of a call. */
const PENDING: Events = {
  ...EVENTS,
  order: { columns: ['id'], kinds: ['string'], descending: false },
  partial: PARTIAL.eventsToDeliver,
};

const attemptsOf = (eventId: string): Omit<Listing<AttemptRecord>, 'reader'> => ({
  table: 'attempts',
  key: 'id',
  longColumns: ['answer', 'error'],
  order: { columns: ['id'], kinds: ['string'], descending: false },
  indexed: [['eventId', '=', eventId]],
});
