/**
 * SIP (RFC 3261 and what the field needs of its successors), written as the RFC is: messages, transports,
 * transactions, dialogs, and a user agent on top. It carries session descriptions as text, and knows nothing of
 * sound, of calls or of who may call whom.
 */
export type { Login } from './authorization.ts';
export type { Dialog, DialogEnd, PendingBye, RequestHook } from './dialog/index.ts';
export * from './digest/index.ts';
export type { IncomingInvite } from './incoming-invite.ts';
export * from './message/index.ts';
export type { InviteOptions, InviteResult, OutgoingInvite, Provisional } from './outgoing-invite.ts';
export type { Body, ExtraHeaders, Reply } from './reply.ts';
export { type TimerBase, type TransactionCounters, timersFrom } from './transaction/index.ts';
export type { Counters, Hop, TlsOptions, TransportCounters, TransportName } from './transport/index.ts';
export {
  createUserAgent,
  type Gate,
  type OutsideHook,
  type RequestOptions,
  type UserAgent,
  type UserAgentCounters,
  type UserAgentOptions,
} from './user-agent.ts';
