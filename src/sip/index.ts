/**
 * SIP (RFC 3261 and its extensions), layered as in RFC 3261 §5. The layers are messages, transports, transactions,
 * dialogs, and a user agent. It carries session descriptions as text. It knows nothing about audio, about calls as the
 * product defines them, or about who may call whom.
 */
export type { Dialog, DialogEnd, PendingBye } from './dialog/index.ts';
export * from './digest/index.ts';
export type { IncomingInvite } from './incoming-invite.ts';
export type { InviteOptions } from './invite-builder.ts';
export * from './message/index.ts';
export type { InviteResult, OutgoingInvite, Provisional } from './outgoing-invite.ts';
export { timersFrom } from './transaction/index.ts';
export {
  type Hop,
  locateAllAddresses,
  locateServers,
  type NameLookup,
  type ServerAddress,
  type TlsOptions,
  type TransportCounters,
  totalOf,
  withServerAddress,
} from './transport/index.ts';
export { createUserAgent, type UserAgent, type UserAgentCounters } from './user-agent.ts';
