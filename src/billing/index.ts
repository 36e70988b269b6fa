/**
 * Money and limits: what calls cost, who can pay, and how many there may be. Dialling goes through
 * `billedDialer`, which reserves money for each leg; calls are written through `Billing.journal`, which settles
 * it in the commit of the call's end. All that is asked while calls run is kept in memory.
 */
export { billedDialer, type CheckingDialer } from './billed-dialer.ts';
export { type Balance, Billing, type BillingPorts } from './billing.ts';
export { periodsAt } from './spending.ts';
export type {
  Account,
  Adjustment,
  BillingChange,
  BillingJournal,
  BillingStore,
  ChargeRecord,
  LedgerSums,
  Rate,
  SpendPeriod,
  Usage,
} from './store.ts';
