export { TokenGenerator } from './identifiers.ts';
export { InviteServerTransaction } from './invite-server.ts';
export {
  type ClientTransaction,
  type ServerTransaction,
  standardTimers,
  type TimerBase,
  timersFrom,
  transactionTimeoutMs,
} from './transaction.ts';
export { type TransactionCounters, TransactionLayer, type TransactionUser } from './transaction-layer.ts';
