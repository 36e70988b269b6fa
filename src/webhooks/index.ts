/**
 * Webhooks: delivers committed events to the application's `webhook_url`, signed and in order per call. Each event is
 * retried until it is accepted or dead.
 */
export { Deliveries } from './deliveries.ts';
export type { DeliveryCounts } from './ports.ts';
export { signatureHeaders, urlSignatureHeader, verifySignature } from './signature.ts';
export {
  type AttemptRecord,
  type EventFilter,
  type EventRecord,
  type EventStore,
  type OutboxStore,
  PARK_AFTER_ATTEMPTS,
} from './store.ts';
