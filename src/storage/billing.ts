import { type Insertable, type Kysely, sql } from 'kysely';
import type { BillingStore, ChargeRecord, LedgerSums, Rate } from '../billing/index.ts';
import { type Condition, type Listing, readPage } from './listing.ts';
import { PARTIAL } from './partial-indexes.ts';
import type { Quarantine } from './quarantine.ts';
import type { Readers } from './row-reader.ts';
import { type Tables, tables } from './tables/index.ts';
import { usage } from './usage.ts';

/** Reads accounts, charges and adjustments; reads and writes rates. */
export function billingStore(
  db: Kysely<Tables>,
  readers: Readers,
  quarantine: Pick<Quarantine, 'of'>,
): BillingStore {
  return {
    async loadBilling(begins) {
      const accounts = readers.accounts.all(await db.selectFrom('accounts').selectAll().execute());
      const rates = await db.selectFrom('rates').selectAll().execute();
      return {
        accounts,
        unusableAccounts: quarantine.of('accounts'),
        rates: readers.rates.all(rates),
        unusableRates: unusableRates(rates, quarantine.of('rates')),
        sums: await ledgerSums(db, readers, begins),
        charges: await openCharges(db, readers),
      };
    },
    async saveRate(rate) {
      const row = tables.rates.toRow(rate) as Insertable<Tables['rates']>;
      const insert = db.insertInto('rates').values(row);
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute();
    },
    async deleteRate(id) {
      await db.deleteFrom('rates').where('id', '=', id).execute();
    },
    rates({ customerId }, page) {
      const owner: Condition = ['customerId', customerId === null ? 'is' : '=', customerId];
      const listing = { ...NEWEST, table: 'rates', reader: readers.rates, longColumns: ['prefix'] } as const;
      return readPage(db, { ...listing, indexed: [owner] }, page);
    },
    adjustments({ customerId }, page) {
      const owner: Condition = ['customerId', '=', customerId];
      const listing = {
        ...NEWEST,
        table: 'adjustments',
        reader: readers.adjustments,
        longColumns: ['note'],
      } as const;
      return readPage(db, { ...listing, indexed: [owner] }, page);
    },
    usage: (filter) => usage(db, filter),
  };
}

/** Returns the readable destinations of damaged rates. A cheaper rate must not replace a damaged one. */
function unusableRates(
  rows: { id: unknown; customerId: unknown; prefix: unknown; currency: unknown }[],
  ids: string[],
): Pick<Rate, 'customerId' | 'prefix' | 'currency'>[] {
  return rows.flatMap(({ id, customerId, prefix, currency }) => {
    const isKnown = ids.includes(String(id)) && typeof prefix === 'string' && typeof currency === 'string';
    const owner = typeof customerId === 'string' ? customerId : null;
    return isKnown ? [{ customerId: owner, prefix, currency }] : [];
  });
}

/** Ids grow with time. */
const NEWEST: Pick<Listing<object>, 'key' | 'order'> = {
  key: 'id',
  order: { columns: ['id'], kinds: ['string'], descending: true },
};

/** Whether an amount is an exact integer. SQLite stores any type in any column, and others would break the sum. */
const isAmount = sql<boolean>`typeof(amount) = 'integer' and abs(amount) <= ${sql.lit(Number.MAX_SAFE_INTEGER)}`;
const exact = sql`case when ${isAmount} then amount else 0 end`;
const inexact = sql<number>`sum(case when ${isAmount} then 0 else 1 end)`;

async function ledgerSums(
  db: Kysely<Tables>,
  readers: Readers,
  begins: { day: number; month: number },
): Promise<LedgerSums[]> {
  const adjusted = await db
    .selectFrom('adjustments')
    // As text, because a sum beyond the safe integers must not prevent the start.
    .select(['customerId', sql<string>`cast(sum(${exact}) as text)`.as('sum'), inexact.as('inexact')])
    .groupBy('customerId')
    .execute();
  const charged = await chargedSums(db, begins);
  await reportInexact(db, readers, [...adjusted, ...charged]);
  const carried = await db.selectFrom('carriedCharges').selectAll().execute();
  const credits = new Map(adjusted.map(({ customerId, sum }) => [customerId, Number(sum)]));
  const costs = new Map(charged.map((row) => [row.customerId, row]));
  const earlier = new Map(carried.map(({ customerId, amount }) => [customerId, Number(amount) || 0]));
  return [...new Set([...credits.keys(), ...costs.keys(), ...earlier.keys()])].map((customerId) => {
    const { total = 0, month = 0, day = 0 } = costs.get(customerId) ?? {};
    const sum = Number(total) + (earlier.get(customerId) ?? 0);
    const balance = (credits.get(customerId) ?? 0) - sum;
    return { customerId, balance, spent: { total: sum, month: Number(month), day: Number(day) } };
  });
}

/** Sums the settled charges of each customer, in total and since the month and the day began. */
function chargedSums(db: Kysely<Tables>, { day, month }: { day: number; month: number }) {
  const since = (begin: number) => sql<number>`sum(case when day >= ${begin} then amount else 0 end)`;
  return db
    .selectFrom('chargeDays')
    .select(({ fn }) => [
      'customerId',
      fn.sum<number>('amount').as('total'),
      since(month).as('month'),
      since(day).as('day'),
      fn.sum<number>('inexact').as('inexact'),
    ])
    .groupBy('customerId')
    .execute();
}

/** Puts the rows that the sums leave out into quarantine. */
async function reportInexact(
  db: Kysely<Tables>,
  readers: Readers,
  sums: { inexact: number }[],
): Promise<void> {
  if (!sums.some(({ inexact }) => Number(inexact) > 0)) return;
  const bad = sql<boolean>`not (${isAmount})`;
  readers.adjustments.all(await db.selectFrom('adjustments').selectAll().where(bad).execute());
  readers.charges.all(await db.selectFrom('charges').selectAll().where(bad).execute());
}

/** Reads the charges of open calls, settled or not, and every other reserved charge. */
async function openCharges(db: Kysely<Tables>, { charges }: Readers): Promise<ChargeRecord[]> {
  const all = () => db.selectFrom('charges').selectAll();
  const open = db.selectFrom('calls').select('id').where(PARTIAL.openCalls);
  const rows = await all().where('callId', 'in', open).union(all().where(PARTIAL.reservedCharges)).execute();
  return charges.all(rows);
}
