/**
 * Telling applications what happened: every event is written together with the state it reports, and sent from
 * here to the application's `webhook_url`, signed, in the order of its call, until it is accepted or dead.
 */
export type { WebhookTarget } from './attempt.ts';
export { webhookBody } from './body.ts';
export { Deliveries } from './deliveries.ts';
export type { DeliveriesPorts, DeliveryCounts } from './ports.ts';
export { MAX_ATTEMPTS } from './schedule.ts';
export {
  type SignatureHeaders,
  signatureHeaders,
  TOLERANCE_SECONDS,
  urlSignatureHeader,
  verifySignature,
} from './signature.ts';
export {
  type AttemptRecord,
  type EventFilter,
  type EventRecord,
  type EventState,
  type EventStore,
  type OutboxStore,
  PATIENCE,
} from './store.ts';
