/**
 * Webhooks: delivers committed events to the application's `webhook_url`, signed and in the order of each call, until
 * every event is accepted or dead.
 */
export { type WebhookTarget, webhookBody } from './attempt.ts';
export { Deliveries } from './deliveries.ts';
export type { DeliveriesPorts, DeliveryCounts } from './ports.ts';
export { MAX_ATTEMPTS } from './retry-schedule.ts';
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
  PARK_AFTER_ATTEMPTS,
} from './store.ts';
