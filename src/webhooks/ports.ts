import type { Log, Random } from '../core/index.ts';
import type { AttemptDeps, WebhookTarget } from './attempt.ts';
import type { EventStore, OutboxStore } from './store.ts';

/** What delivery needs from other modules. */
export interface DeliveriesDeps extends AttemptDeps {
  store: OutboxStore & Pick<EventStore, 'event'>;
  random: Random;
  log: Log;
  /** Undefined when the application does not exist or has no `webhook_url`. */
  target(applicationId: string): WebhookTarget | undefined;
  /**
   * The limit of events in memory, about 2 kB each; default 20,000. Further events wait in the store and are read when
   * half of the memory is free.
   */
  maxEventsInMemory?: number;
}

/** Metrics: events that wait now, and outcomes since the start. */
export interface DeliveryCounts {
  /** Events that are neither accepted nor dead. */
  pending: number;
  /** How long the oldest of them has been waiting, in milliseconds. */
  oldestMs: number;
  /** Events accepted. */
  delivered: number;
  /** Attempts that failed. */
  failed: number;
  /** Events given up. */
  dead: number;
}
