import { setImmediate as othersTurn } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Account, Adjustment, BillingStore, ChargeRecord, LedgerSums, Rate } from '../billing/index.ts';
import type { PageRequest } from '../calls/index.ts';
import { accountLayout, adjustmentLayout, chargeLayout, rateLayout } from './billing-layouts.ts';
import { decodeCursor, toPage } from './cursor.ts';
import { fromRow, type Tables, toRow } from './layouts.ts';

/** What can be read about money, and rates, by any database that Kysely speaks to. */
export function billingStore(db: Kysely<Tables>): BillingStore {
  return {
    loadBilling: async (begins) => ({
      accounts: (await db.selectFrom('accounts').selectAll().execute()).map((row) =>
        fromRow<Account>(accountLayout, row),
      ),
      rates: (await db.selectFrom('rates').selectAll().execute()).map(readRate),
      sums: await ledgerSums(db, begins),
      charges: await openCharges(db),
    }),
    async saveRate(rate) {
      const row = toRow(rateLayout, rate);
      const insert = db.insertInto('rates').values(row);
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute();
    },
    async deleteRate(id) {
      await db.deleteFrom('rates').where('id', '=', id).execute();
    },
    async rates({ customerId }, page) {
      const rows = await selectRates(db, customerId, page).execute();
      return toPage(rows, page.limit, readRate, (row) => [row.id]);
    },
    async adjustments({ customerId }, page) {
      const rows = await selectAdjustments(db, customerId, page).execute();
      return toPage(rows, page.limit, readAdjustment, (row) => [row.id]);
    },
    usage: (filter) => usage(db, filter),
  };
}

const readRate = (row: object) => fromRow<Rate>(rateLayout, row);
const readAdjustment = (row: object) => fromRow<Adjustment>(adjustmentLayout, row);

/** Ids grow with time. */
function selectRates(db: Kysely<Tables>, customerId: string | null, page: PageRequest) {
  const owner = customerId === null ? 'is' : '=';
  let query = db.selectFrom('rates').selectAll().where('customerId', owner, customerId);
  if (page.cursor) query = query.where('id', '<', after(page.cursor));
  return query.orderBy('id', 'desc').limit(page.limit + 1);
}

function selectAdjustments(db: Kysely<Tables>, customerId: string, page: PageRequest) {
  let query = db.selectFrom('adjustments').selectAll().where('customerId', '=', customerId);
  if (page.cursor) query = query.where('id', '<', after(page.cursor));
  return query.orderBy('id', 'desc').limit(page.limit + 1);
}

const after = (cursor: string): string => decodeCursor<[string]>(cursor, ['string'])[0];

async function ledgerSums(
  db: Kysely<Tables>,
  { day, month }: { day: number; month: number },
): Promise<LedgerSums[]> {
  const given = await db
    .selectFrom('adjustments')
    // As text: a sum of amounts that is no safe integer must not keep the program from starting.
    .select(['customerId', sql<string>`cast(sum(amount) as text)`.as('sum')])
    .groupBy('customerId')
    .execute();
  const since = (begin: number) => sql<number>`sum(case when settled_at >= ${begin} then amount else 0 end)`;
  const spent = await db
    .selectFrom('charges')
    .select((eb) => [
      'customerId',
      eb.fn.sum('amount').as('total'),
      since(month).as('month'),
      since(day).as('day'),
    ])
    .where('settledAt', 'is not', null)
    .groupBy('customerId')
    .execute();
  const gifts = new Map(given.map(({ customerId, sum }) => [customerId, Number(sum)]));
  const costs = new Map(spent.map((row) => [row.customerId, row]));
  return [...new Set([...gifts.keys(), ...costs.keys()])].map((customerId) => {
    const { total = 0, month = 0, day = 0 } = costs.get(customerId) ?? {};
    const balance = (gifts.get(customerId) ?? 0) - Number(total);
    return { customerId, balance, spent: { total: Number(total), month: Number(month), day: Number(day) } };
  });
}

/** Those of open calls, settled or not, and whatever else is not settled. */
async function openCharges(db: Kysely<Tables>): Promise<ChargeRecord[]> {
  const open = db
    .selectFrom('calls')
    .select('id')
    .where('status', 'in', ['dialing', 'ringing', 'in_progress']);
  const rows = await db
    .selectFrom('charges')
    .selectAll()
    .where((eb) => eb.or([eb('status', '=', 'reserved'), eb('callId', 'in', open)]))
    .execute();
  return rows.map((row) => fromRow<ChargeRecord>(chargeLayout, row));
}

/** Calls that are summed up before others have the thread. */
const USAGE_ROWS = 5_000;

type Period = { applicationId: string; from: number; to: number };
type Place = { createdAt: number; id: string };

/** Sums up a period piece by piece: a year of calls at once would hold the main thread. */
async function usage(db: Kysely<Tables>, period: Period) {
  const total = { calls: 0, billsecSeconds: 0, cost: 0 };
  for (let after: Place = { createdAt: period.from, id: '' }; ; ) {
    const until = await ofPeriod(db, period, after)
      .select(['createdAt', 'id'])
      .orderBy('createdAt')
      .orderBy('id')
      .limit(1)
      .offset(USAGE_ROWS - 1)
      .executeTakeFirst();
    const piece = await usageOf(db, period, after, until);
    total.calls += piece.calls;
    total.billsecSeconds += piece.billsecSeconds;
    total.cost += piece.cost;
    if (!until) return total;
    after = until;
    await othersTurn();
  }
}

const ofPeriod = (db: Kysely<Tables>, { applicationId, to }: Period, after: Place) =>
  db
    .selectFrom('calls')
    .where('applicationId', '=', applicationId)
    .where('createdAt', '<', to)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('createdAt', 'id'), '>', tuple(after.createdAt, after.id)),
    );

async function usageOf(db: Kysely<Tables>, period: Period, after: Place, until: Place | undefined) {
  // As `durations` counts them: whole seconds of each call.
  const seconds = sql<number>`case when ended_at > answered_at then (ended_at - answered_at) / 1000 else 0 end`;
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
      eb.fn.sum(seconds).as('billsec'),
      eb.fn.sum('costAmount').as('cost'),
    ])
    .executeTakeFirstOrThrow();
  return { calls: Number(calls), billsecSeconds: Number(billsec ?? 0), cost: Number(cost ?? 0) };
}
