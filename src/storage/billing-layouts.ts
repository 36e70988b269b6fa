import type { Account, Adjustment, ChargeRecord, Rate } from '../billing/index.ts';
import type { Layout, Row } from './layouts.ts';

export const accountLayout = {
  customerId: 'plain',
  currency: 'plain',
  billing: 'flag',
  spendLimit: 'plain',
  spendPeriod: 'plain',
  callsPerSecond: 'plain',
  concurrentCalls: 'plain',
  updatedAt: 'plain',
} as const satisfies Layout<Account>;

export const rateLayout = {
  id: 'plain',
  customerId: 'plain',
  prefix: 'plain',
  currency: 'plain',
  pricePerMinute: 'plain',
  firstIncrement: 'plain',
  furtherIncrement: 'plain',
  createdAt: 'plain',
} as const satisfies Layout<Rate>;

export const adjustmentLayout = {
  id: 'plain',
  customerId: 'plain',
  amount: 'plain',
  currency: 'plain',
  note: 'plain',
  createdAt: 'plain',
} as const satisfies Layout<Adjustment>;

export const chargeLayout = {
  legId: 'plain',
  callLegId: 'plain',
  callId: 'plain',
  customerId: 'plain',
  applicationId: 'plain',
  destination: 'plain',
  prefix: 'plain',
  currency: 'plain',
  pricePerMinute: 'plain',
  firstIncrement: 'plain',
  furtherIncrement: 'plain',
  status: 'plain',
  reserved: 'plain',
  amount: 'plain',
  billedSeconds: 'plain',
  createdAt: 'plain',
  answeredAt: 'plain',
  settledAt: 'plain',
} as const satisfies Layout<ChargeRecord>;

export interface BillingTables {
  accounts: Row<Account, typeof accountLayout>;
  rates: Row<Rate, typeof rateLayout>;
  adjustments: Row<Adjustment, typeof adjustmentLayout>;
  charges: Row<ChargeRecord, typeof chargeLayout>;
}
