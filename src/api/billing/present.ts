import type { z } from 'zod';
import type {
  balanceAdjustment,
  balance as balanceWire,
  limitsPatch,
  limits as limitsWire,
  newRate,
  rate as rateWire,
} from '../../../contract/resources/index.ts';
import type { Account, Adjustment, Balance, Rate } from '../../billing/index.ts';
import { formatAmount, type Micros, parseAmount, rfc3339 } from '../../core/index.ts';

export const presentAdjustment = (adjustment: Adjustment): z.input<typeof balanceAdjustment> => ({
  id: adjustment.id,
  customer_id: adjustment.customerId,
  amount: formatAmount(adjustment.amount),
  currency: adjustment.currency,
  note: adjustment.note,
  created_at: rfc3339(adjustment.createdAt),
});

export const presentBalance = ({
  account,
  balance,
  reserved,
  spent,
}: Balance): z.input<typeof balanceWire> => ({
  customer_id: account.customerId,
  currency: account.currency,
  billing: account.billing,
  balance: formatAmount(balance),
  reserved: formatAmount(reserved),
  available: formatAmount(balance - reserved),
  spent: formatAmount(spent),
});

export const presentLimits = (account: Account): z.input<typeof limitsWire> => ({
  customer_id: account.customerId,
  billing: account.billing,
  currency: account.currency,
  spend_limit: account.spendLimit === null ? null : formatAmount(account.spendLimit),
  spend_period: account.spendPeriod,
  calls_per_second: account.callsPerSecond,
  concurrent_calls: account.concurrentCalls,
});

export const presentRate = (rate: Rate): z.input<typeof rateWire> => ({
  id: rate.id,
  customer_id: rate.customerId,
  prefix: rate.prefix,
  price_per_minute: formatAmount(rate.pricePerMinute),
  currency: rate.currency,
  first_increment_seconds: rate.firstIncrement,
  further_increment_seconds: rate.furtherIncrement,
  created_at: rfc3339(rate.createdAt),
});

/** An amount that its schema has let pass. */
export const amountOf = (text: string): Micros => parseAmount(text) as Micros;

/** What a body says of limits, and nothing of what it leaves out. */
export function limitFields(body: z.output<typeof limitsPatch>): Partial<Account> {
  const { billing, currency, spend_limit: limit, spend_period: spendPeriod } = body;
  const { calls_per_second: callsPerSecond, concurrent_calls: concurrentCalls } = body;
  return {
    ...(billing === undefined ? {} : { billing }),
    ...(currency === undefined ? {} : { currency }),
    ...(limit === undefined ? {} : { spendLimit: limit === null ? null : amountOf(limit) }),
    ...(spendPeriod === undefined ? {} : { spendPeriod }),
    ...(callsPerSecond === undefined ? {} : { callsPerSecond }),
    ...(concurrentCalls === undefined ? {} : { concurrentCalls }),
  };
}

export const rateFields = (body: z.output<typeof newRate>) => ({
  prefix: body.prefix,
  currency: body.currency,
  pricePerMinute: amountOf(body.price_per_minute),
  firstIncrement: body.first_increment_seconds,
  furtherIncrement: body.further_increment_seconds,
});
