import { z } from 'zod';
import { formatted } from '../fields.ts';
import { createdAt, id, time, timeQuery } from './values.ts';

const AMOUNT = 'an amount such as 12.50, with at most six digits after the point';

const currency = formatted(/^[A-Z]{3}$/, 'three capital letters, such as EUR').describe(
  'An ISO 4217 code, such as `EUR`.',
);
const amount = formatted(/^\d{1,9}(\.\d{1,6})?$/, AMOUNT);

export const balanceAdjustment = z.object({
  id: id('adj'),
  customer_id: id('cust'),
  amount: z.string().describe('The amount, such as `12.50`, or `-12.50` for a subtraction.'),
  currency: z.string().describe('An ISO 4217 code, such as `EUR`.'),
  note: z.string().describe('The reason, for people.'),
  created_at: createdAt,
});

export const newBalanceAdjustment = z.strictObject({
  amount: formatted(/^-?\d{1,9}(\.\d{1,6})?$/, AMOUNT).describe(
    'The amount to add to the balance; a negative amount is subtracted. A positive amount turns on billing for the customer.',
  ),
  currency: currency
    .default('EUR')
    .describe("The customer's currency. It cannot change after it is first set."),
  note: z.string().max(500).default('').describe('The reason, for people.'),
});

export const balance = z.object({
  customer_id: id('cust'),
  currency: z.string().describe('An ISO 4217 code, such as `EUR`.'),
  billing: z.boolean().describe('Whether the customer is billed for calls.'),
  balance: z.string().describe('The sum of all adjustments minus the cost of completed calls.'),
  reserved: z.string().describe('The amount that is reserved for running calls.'),
  available: z.string().describe('`balance` minus `reserved`.'),
  spent: z.string().describe('The cost of completed calls in the period of the spend limit.'),
});

const spendPeriod = z
  .enum(['day', 'month', 'total'])
  .describe('The period of the spend limit, in UTC. `total` has no end.');
const count = z.int().min(0).max(1_000_000).nullable();
const perSecond = 'The maximum number of outbound legs that start per second. null: no limit.';
const atOnce = 'The maximum number of simultaneous outbound legs, including ringing ones. null: no limit.';

export const limits = z.object({
  customer_id: id('cust'),
  billing: z
    .boolean()
    .describe(
      'Whether calls require a rate and a sufficient balance. The limits on calls apply in any case.',
    ),
  currency: z.string().describe('An ISO 4217 code, such as `EUR`.'),
  spend_limit: z.string().nullable().describe('The maximum cost per period. null: no limit.'),
  spend_period: spendPeriod,
  calls_per_second: z.int().nullable().describe(perSecond),
  concurrent_calls: z.int().nullable().describe(atOnce),
});

export const limitsPatch = z.strictObject({
  billing: z
    .boolean()
    .optional()
    .describe(
      'Whether calls require a rate and a sufficient balance. Default: false, until the first positive adjustment.',
    ),
  currency: currency
    .optional()
    .describe("The customer's currency. It cannot change after it is first set. Default: `EUR`."),
  spend_limit: amount.nullable().optional().describe('The maximum cost per period. Default: null, no limit.'),
  spend_period: spendPeriod.optional().describe('The period of the spend limit, in UTC. Default: `month`.'),
  calls_per_second: count.optional().describe(perSecond),
  concurrent_calls: count.optional().describe(atOnce),
});

const increment = z.int().min(1).max(3600);

export const rate = z.object({
  id: id('rate'),
  customer_id: id('cust')
    .nullable()
    .describe('null: for all customers without their own rate for the prefix.'),
  prefix: z
    .string()
    .describe('The prefix of the destination. The rate with the longest matching prefix applies.'),
  price_per_minute: z.string().describe('The price per minute, such as `0.0125`.'),
  currency: z.string().describe('An ISO 4217 code, such as `EUR`.'),
  first_increment_seconds: z.int().describe('The minimum billed duration of an answered leg, in seconds.'),
  further_increment_seconds: z
    .int()
    .describe('After the first increment, the duration is rounded up to steps of this many seconds.'),
  created_at: createdAt,
});

export const newRate = z.strictObject({
  prefix: formatted(
    /^(\+\d{0,15}|sips?:[^\s]{0,200})$/i,
    'the beginning of a number or of a SIP URI, such as +49',
  ).describe('The prefix of the destination. The rate with the longest matching prefix applies.'),
  price_per_minute: amount.describe('The price per minute, such as `0.0125`, with up to six decimals.'),
  currency: currency.default('EUR'),
  first_increment_seconds: increment
    .default(1)
    .describe('The minimum billed duration of an answered leg, in seconds.'),
  further_increment_seconds: increment
    .default(1)
    .describe('After the first increment, the duration is rounded up to steps of this many seconds.'),
});

export const usageQuery = z.strictObject({
  from: timeQuery
    .optional()
    .describe('Calls created at this time or later. Default: the start of the month in UTC.'),
  to: timeQuery.optional().describe('Calls created before this time. Default: now.'),
});

export const usage = z.object({
  application_id: id('app'),
  from: time.describe('The start of the period.'),
  to: time.describe('The end of the period; not part of it.'),
  summary: z.object({
    calls: z.int().describe('The number of inbound and outbound calls, including running ones.'),
    billsec_seconds: z.int().describe('The seconds from answer to end, over all ended calls.'),
    cost_amount: z.string().describe('The cost of the calls, such as `12.50`.'),
    cost_currency: z.string().describe('An ISO 4217 code, such as `EUR`.'),
  }),
});
