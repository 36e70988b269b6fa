import { setImmediate as yieldThread } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Usage } from '../billing/index.ts';
import { exact, secondsOf } from './summands.ts';
import type { Tables } from './tables/index.ts';

/** Calls that are summed before the thread is yielded. */
const USAGE_ROWS = 2_000;
const HOUR_MS = 3_600_000;

/** The sums of deleted calls by day. */
const CARRIED = { table: 'carried_usage', time: 'day' };
/** The sums of stored calls by hour. */
const HOURS = { table: 'call_hours', time: 'hour' };

type Period = { applicationId: string; from: number; to: number };
type Position = { createdAt: number; id: string };

/** Adds the sums of deleted calls, of the whole hours of a period, and of the calls before and after these hours. */
export async function usage(db: Kysely<Tables>, period: Period): Promise<Usage> {
  const { applicationId, from, to } = period;
  const first = Math.ceil(from / HOUR_MS) * HOUR_MS;
  const end = Math.floor(to / HOUR_MS) * HOUR_MS;
  const carried = await sumsOf(db, CARRIED, period);
  if (first >= end) return added([carried, await usageOfCalls(db, period)]);
  return added([
    carried,
    await sumsOf(db, HOURS, { applicationId, from: first, to: end }),
    await usageOfCalls(db, { applicationId, from, to: first }),
    await usageOfCalls(db, { applicationId, from: end, to }),
  ]);
}

function added(all: Usage[]): Usage {
  const total = { calls: 0, billsecSeconds: 0, cost: 0 };
  for (const { calls, billsecSeconds, cost } of all) {
    total.calls += calls;
    total.billsecSeconds += billsecSeconds;
    total.cost += cost;
  }
  return total;
}

/** Reads sums by whole periods that begin in this one. Unlike `sum`, `total` does not fail for damaged rows. */
async function sumsOf(
  db: Kysely<Tables>,
  { table, time }: { table: string; time: string },
  { applicationId, from, to }: Period,
): Promise<Usage> {
  const { rows } = await sql<Record<'calls' | 'billsec' | 'cost', unknown>>`
    select total(calls) as calls, total(billsec_seconds) as billsec, total(cost) as cost from ${sql.table(table)}
    where application_id = ${applicationId} and ${sql.ref(time)} >= ${from} and ${sql.ref(time)} < ${to}`.execute(
    db,
  );
  const { calls, billsec, cost } = rows[0] ?? {};
  return { calls: Number(calls ?? 0), billsecSeconds: Number(billsec ?? 0), cost: Number(cost ?? 0) };
}

/** Usage stored calls in pieces: all calls of a busy hour at once would block the main thread. */
async function usageOfCalls(db: Kysely<Tables>, period: Period): Promise<Usage> {
  const pieces: Usage[] = [];
  for (let after: Position = { createdAt: period.from, id: '' }; period.from < period.to; ) {
    const until = await ofPeriod(db, period, after)
      .select(['createdAt', 'id'])
      .orderBy('createdAt')
      .orderBy('id')
      .limit(1)
      .offset(USAGE_ROWS - 1)
      .executeTakeFirst();
    pieces.push(await usageOfPiece(db, period, after, until));
    if (!until) break;
    after = until;
    await yieldThread();
  }
  return added(pieces);
}

const ofPeriod = (db: Kysely<Tables>, { applicationId, to }: Period, after: Position) =>
  db
    .selectFrom('calls')
    .where('applicationId', '=', applicationId)
    .where('createdAt', '<', to)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('createdAt', 'id'), '>', tuple(after.createdAt, after.id)),
    );

async function usageOfPiece(
  db: Kysely<Tables>,
  period: Period,
  after: Position,
  until: Position | undefined,
): Promise<Usage> {
  let piece = ofPeriod(db, period, after);
  if (until) {
    const { createdAt, id } = until;
    piece = piece.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('createdAt', 'id'), '<=', tuple(createdAt, id)),
    );
  }
  const { calls, billsec, cost } = await piece
    .select((eb) => [
      eb.fn.countAll().as('calls'),
      sql<number>`total(${sql.raw(secondsOf('calls'))})`.as('billsec'),
      sql<number>`total(${sql.raw(exact('calls.cost_amount'))})`.as('cost'),
    ])
    .executeTakeFirstOrThrow();
  return { calls: Number(calls), billsecSeconds: billsec, cost };
}
