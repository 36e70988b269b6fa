export type { ClientTransaction, ClientUser } from './client.ts';
export { InviteServerTransaction } from './invite-server.ts';
export type { ServerTransaction } from './server.ts';
export { giveUpAfter, standardTimers, type TimerBase, timersFrom } from './timers.ts';
export {
  type TransactionCounters,
  TransactionLayer,
  type TransactionLayerOptions,
  type TransactionUser,
} from './transaction-layer.ts';
