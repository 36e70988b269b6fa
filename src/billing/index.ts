/**
 * Prices and limits of outbound calls. `billedDialer` reserves money for each leg before it is dialed; calls are
 * written through `Billing.journal`, which settles their charges in the commit that ends the call. Every check that
 * runs during calls is answered from memory.
 */
export { billedDialer } from './billed-dialer.ts';
export { type Balance, Billing } from './billing.ts';
export { periodsAt } from './customer-account.ts';
export type {
  Account,
  Adjustment,
  BillingChange,
  BillingJournal,
  BillingStore,
  ChargeRecord,
  LedgerSums,
  Rate,
  Usage,
} from './store.ts';
