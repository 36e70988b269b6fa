import { type Kysely, sql } from 'kysely';
import type { PageRequest } from '../calls/index.ts';
import {
  type AttemptRecord,
  type EventFilter,
  type EventRecord,
  type EventStore,
  type OutboxStore,
  PATIENCE,
} from '../webhooks/index.ts';
import { decodeCursor, toPage } from './cursor.ts';
import { attemptLayout, eventLayout, fromRow, type Tables } from './layouts.ts';

const readEvent = (row: object) => fromRow<EventRecord>(eventLayout, row);

/** The log of events and what is still to be delivered, by any database that Kysely speaks to. */
export function eventStore(db: Kysely<Tables>): EventStore & Pick<OutboxStore, Reading> {
  return {
    async event(id) {
      const row = await db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst();
      return row && readEvent(row);
    },
    async events(filter, page) {
      if (filter.callId !== undefined) {
        const rows = await selectOfCall(db, filter, filter.callId, page).execute();
        return toPage(rows, page.limit, readEvent, (row) => [row.sequence]);
      }
      const rows = await selectNewest(db, filter, page).execute();
      return toPage(rows, page.limit, readEvent, (row) => [row.id]);
    },
    async attempts(eventId) {
      const tries = db.selectFrom('attempts').selectAll().where('eventId', '=', eventId);
      const rows = await tries.orderBy('id').execute();
      return rows.map((row) => fromRow<AttemptRecord>(attemptLayout, row));
    },
    async pendingEvents(limit) {
      const pending = db
        .selectFrom('events')
        .selectAll()
        .where('state', '=', 'pending')
        .where('attempts', '<', PATIENCE);
      return (await pending.orderBy('callId').orderBy('sequence').limit(limit).execute()).map(readEvent);
    },
    async parkedEvents() {
      const count = sql<number>`count(*)`.as('count');
      const all = parked(db).select((eb) => [count, eb.fn.min('createdAt').as('oldestAt')]);
      return all.executeTakeFirstOrThrow();
    },
    async nextDueAt(after) {
      const next = parked(db).select((eb) => eb.fn.min('nextAttemptAt').as('dueAt'));
      return (await next.where('nextAttemptAt', '>', after).executeTakeFirstOrThrow()).dueAt;
    },
    async dueEvents(at, limit) {
      const due = parked(db).selectAll().where('nextAttemptAt', '<=', at);
      return (await due.orderBy('nextAttemptAt').limit(limit).execute()).map(readEvent);
    },
  };
}

type Reading = 'pendingEvents' | 'parkedEvents' | 'nextDueAt' | 'dueEvents';

/** Written as its index has it, number for number: only then is the index used. */
function parked(db: Kysely<Tables>) {
  const isParked = sql<boolean>`state = 'pending' and attempts >= ${sql.lit(PATIENCE)}`;
  return db.selectFrom('events').where(isParked);
}

function selectEvents(db: Kysely<Tables>, filter: EventFilter, limit: number) {
  let query = db.selectFrom('events').selectAll();
  for (const column of ['applicationId', 'event', 'state'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  return query.limit(limit + 1);
}

function selectNewest(db: Kysely<Tables>, filter: EventFilter, page: PageRequest) {
  const query = selectEvents(db, filter, page.limit).orderBy('id', 'desc');
  return page.cursor ? query.where('id', '<', decodeCursor<[string]>(page.cursor, ['string'])[0]) : query;
}

function selectOfCall(db: Kysely<Tables>, filter: EventFilter, callId: string, page: PageRequest) {
  const query = selectEvents(db, filter, page.limit).where('callId', '=', callId).orderBy('sequence');
  return page.cursor
    ? query.where('sequence', '>', decodeCursor<[number]>(page.cursor, ['number'])[0])
    : query;
}
