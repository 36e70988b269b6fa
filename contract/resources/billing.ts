import { z } from 'zod';
import { formatted } from '../fields.ts';
import { id, time, timeQuery } from './values.ts';

const AMOUNT = 'an amount such as 12.50, with at most six digits after the point';

const currency = formatted(/^[A-Z]{3}$/, 'three capital letters, such as EUR').describe(
  'ISO 4217, such as `EUR`.',
);
const amount = formatted(/^\d{1,9}(\.\d{1,6})?$/, AMOUNT);

export const balanceAdjustment = z.object({
  id: id('adj'),
  customer_id: id('cust'),
  amount: z.string().describe('`12.50`, or `-12.50` where it was taken.'),
  currency: z.string(),
  note: z.string(),
  created_at: time,
});

export const newBalanceAdjustment = z.strictObject({
  amount: formatted(/^-?\d{1,9}(\.\d{1,6})?$/, AMOUNT).describe(
    'What is put on the balance; with a minus, what is taken. Whoever is given money is billed from then on.',
  ),
  currency: currency.default('EUR').describe("The customer's currency; the first one given stays."),
  note: z.string().max(500).default('').describe('Why, for people.'),
});

export const balance = z.object({
  customer_id: id('cust'),
  currency: z.string(),
  billing: z.boolean().describe('Whether calls cost anything.'),
  balance: z.string().describe('All adjustments less all that was settled.'),
  reserved: z.string().describe('Held for calls that last.'),
  available: z.string().describe('`balance` less `reserved`.'),
  spent: z.string().describe('Settled in the period of the spend limit.'),
});

const spendPeriod = z.enum(['day', 'month', 'total']).describe('By UTC; `total` never begins anew.');
const count = z.int().min(0).max(1_000_000).nullable();
const perSecond = 'Outbound legs that may begin in any second; null: any number.';
const atOnce = 'Outbound legs at the same time, ringing ones too; null: any number.';

export const limits = z.object({
  customer_id: id('cust'),
  billing: z.boolean().describe('Whether calls need a rate and a balance. Limits on calls count either way.'),
  currency: z.string(),
  spend_limit: z.string().nullable().describe('What may be spent in a period; null: as much as there is.'),
  spend_period: spendPeriod,
  calls_per_second: z.int().nullable().describe(perSecond),
  concurrent_calls: z.int().nullable().describe(atOnce),
});

export const limitsPatch = z.strictObject({
  billing: z.boolean().optional().describe('Default: false, until money is put on the balance.'),
  currency: currency
    .optional()
    .describe("The customer's currency; the first one given stays. Default: `EUR`."),
  spend_limit: amount
    .nullable()
    .optional()
    .describe('What may be spent in a period. Default: null, no limit.'),
  spend_period: spendPeriod.optional().describe('Default: `month`.'),
  calls_per_second: count.optional().describe(perSecond),
  concurrent_calls: count.optional().describe(atOnce),
});

const increment = z.int().min(1).max(3600);

export const rate = z.object({
  id: id('rate'),
  customer_id: id('cust')
    .nullable()
    .describe('Null: for all customers that have none of their own for the prefix.'),
  prefix: z.string(),
  price_per_minute: z.string(),
  currency: z.string(),
  first_increment_seconds: z.int().describe('Paid for as soon as somebody answers.'),
  further_increment_seconds: z
    .int()
    .describe('What is paid for after that comes in steps of so many seconds.'),
  created_at: time,
});

export const newRate = z.strictObject({
  prefix: formatted(
    /^(\+\d{0,15}|sips?:[^\s]{0,200})$/i,
    'the beginning of a number or of a SIP URI, such as +49',
  ).describe('What the destination begins with. The longest one that fits counts.'),
  price_per_minute: amount,
  currency: currency.default('EUR'),
  first_increment_seconds: increment.default(1),
  further_increment_seconds: increment.default(1),
});

export const usageQuery = z.strictObject({
  from: timeQuery.optional().describe('Calls created then or later. Default: since the month began, by UTC.'),
  to: timeQuery.optional().describe('Calls created before then. Default: now.'),
});

export const usage = z.object({
  application_id: id('app'),
  from: time,
  to: time,
  summary: z.object({
    calls: z.int().describe('Inbound and outbound, running ones too.'),
    billsec_seconds: z.int().describe('From answer to end, of the calls that are over.'),
    cost_amount: z.string().describe('What they have cost, such as `12.50`.'),
    cost_currency: z.string(),
  }),
});
