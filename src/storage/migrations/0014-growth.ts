import { type Kysely, type Migration, type RawBuilder, sql } from 'kysely';

/**
 * Keeps the cost of a call and of a list the same, however many rows there are. Indexes over states contain only rows
 * in unusual states, so that most rows cost them nothing; usage and balances are read from sums. Every statement can be
 * repeated: creating an index of millions of rows takes long enough to be interrupted.
 */
export const growth: Migration = {
  async up(db: Kysely<unknown>) {
    for (const name of UNUSED) await db.schema.dropIndex(name).ifExists().execute();
    for (const [name, columns, rows] of PARTIAL)
      await sql`create index if not exists ${sql.raw(name)} on ${sql.raw(columns)} where ${sql.raw(rows)}`.execute(
        db,
      );
    await callHours(db);
    await chargeDays(db);
  },
};

/** Most of these were changed whenever a row changed its state, or served queries that the sums replace. */
const UNUSED = [
  'calls_by_application_id_status_created_at_id',
  'calls_by_status_created_at_id',
  'recordings_by_application_id_status_created_at_id',
  'recordings_by_status_created_at_id',
  'events_by_application_id_event_id',
  'events_by_application_id_state_id',
  'events_by_event_id',
  'events_by_state_id',
  'charges_by_status',
  'charges_by_customer_id_settled_at_amount',
  'events_parked',
];

const OPEN = "status in ('dialing', 'ringing', 'in_progress')";
const UNSUCCESSFUL = "status in ('failed', 'canceled')";
const UNFINISHED = "status in ('started', 'failed')";
const UNUSUAL = "event not in ('call.created', 'call.answered', 'call.completed')";

/** Name, columns, and the condition for rows of an index. */
const PARTIAL: [name: string, columns: string, rows: string][] = [
  ['calls_open', 'calls (status, created_at, id)', OPEN],
  // In another order, because SQLite would also take this index for the calls of an application.
  ['calls_unsuccessful', 'calls (status, created_at, id)', "status in ('canceled', 'failed')"],
  ['calls_unsuccessful_by_application', 'calls (application_id, status, created_at, id)', UNSUCCESSFUL],
  ['recordings_unfinished', 'recordings (status, created_at, id)', UNFINISHED],
  ['recordings_unfinished_by_application', 'recordings (application_id, status, created_at, id)', UNFINISHED],
  ['events_pending', 'events (id)', "state = 'pending'"],
  ['events_to_deliver', 'events (state, id)', "state = 'pending' and attempts < 3"],
  // With all columns that a start reads of parked events.
  ['events_parked', 'events (state, next_attempt_at, created_at, attempts)', 'attempts >= 3'],
  ['events_dead', 'events (state, id)', "state = 'dead'"],
  ['events_dead_by_application', 'events (application_id, state, id)', "state = 'dead'"],
  ['events_unusual', 'events (event, id)', UNUSUAL],
  ['events_unusual_by_application', 'events (application_id, event, id)', UNUSUAL],
  ['charges_reserved', 'charges (status)', "status = 'reserved'"],
];

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** When the hour or day of a time began. */
const beginning = (column: string, ms: number) => sql.raw(`cast(${column} as bigint) / ${ms} * ${ms}`);

/** SQLite stores any type in any column, and others would break a sum. */
const isExact = (column: string) =>
  sql.raw(`typeof(${column}) = 'integer' and ${column} between -9007199254740991 and 9007199254740991`);

/** The sums of the stored calls of an application by the hour of their creation. */
async function callHours(db: Kysely<unknown>): Promise<void> {
  await sums(
    db,
    'call_hours',
    ['application_id', 'hour'],
    ['calls', 'billsec_seconds', 'cost'],
    sql`
    select application_id, ${beginning('created_at', HOUR_MS)} as hour, count(*),
      sum(case when ended_at > answered_at then (ended_at - answered_at) / 1000 else 0 end),
      sum(case when ${isExact('cost_amount')} then cost_amount else 0 end)
    from calls group by application_id, hour`,
  );
}

/** The sums of the stored settled charges of a customer by day. `inexact` counts damaged amounts, which are left out. */
async function chargeDays(db: Kysely<unknown>): Promise<void> {
  const isAmount = isExact('amount');
  await sums(
    db,
    'charge_days',
    ['customer_id', 'day'],
    ['charges', 'amount', 'inexact'],
    sql`
    select customer_id, ${beginning('settled_at', DAY_MS)} as day, count(*),
      sum(case when ${isAmount} then amount else 0 end), sum(case when ${isAmount} then 0 else 1 end)
    from charges where settled_at is not null group by customer_id, day`,
  );
}

/** Creates a table of sums and fills it. */
async function sums(
  db: Kysely<unknown>,
  name: string,
  [owner, period]: [string, string],
  columns: string[],
  select: RawBuilder<unknown>,
): Promise<void> {
  let table = db.schema.createTable(name).ifNotExists();
  table = table.addColumn(owner, 'text', (column) => column.notNull());
  for (const column of [period, ...columns])
    table = table.addColumn(column, 'bigint', (one) => one.notNull());
  await table
    .addPrimaryKeyConstraint(`${name}_by_${owner}_${period}`, [owner as never, period as never])
    .execute();
  await sql`delete from ${sql.table(name)}`.execute(db);
  await sql`insert into ${sql.table(name)} (${sql.raw([owner, period, ...columns].join(', '))}) ${select}`.execute(
    db,
  );
}
