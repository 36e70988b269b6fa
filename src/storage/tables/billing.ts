import { z } from 'zod';
import type { Account, Adjustment, ChargeRecord, Rate } from '../../billing/index.ts';
import { amount, count, key, price, text, time } from './columns.ts';
import { flag, tableOf } from './table.ts';

export const accounts = tableOf<Account>()(
  'accounts',
  {
    customerId: key,
    currency: z.string().regex(/^[A-Z]{3}$/, 'is not a currency'),
    billing: flag,
    spendLimit: amount.nullable(),
    spendPeriod: z.enum(['day', 'month', 'total']),
    callsPerSecond: count.nullable(),
    concurrentCalls: count.nullable(),
    updatedAt: time,
  },
  { key: ['customerId'] },
);

const terms = { pricePerMinute: price, firstIncrement: count.min(1), furtherIncrement: count.min(1) };

export const rates = tableOf<Rate>()('rates', {
  id: key,
  customerId: key.nullable(),
  prefix: key,
  currency: text,
  ...terms,
  createdAt: time,
});

export const adjustments = tableOf<Adjustment>()('adjustments', {
  id: key,
  customerId: key,
  amount,
  currency: text,
  note: text,
  createdAt: time,
});

export const charges = tableOf<ChargeRecord>()(
  'charges',
  {
    legId: key,
    callLegId: text,
    callId: text,
    customerId: key,
    applicationId: text,
    destination: text,
    prefix: text,
    currency: text,
    ...terms,
    status: z.enum(['reserved', 'settled', 'released']),
    reserved: price,
    amount: price,
    billedSeconds: count,
    createdAt: time,
    answeredAt: time.nullable(),
    settledAt: time.nullable(),
  },
  { key: ['legId'] },
);
