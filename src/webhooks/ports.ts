import type { Clock, Ids, Log, Random } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { AttemptPorts, WebhookTarget } from './attempt.ts';
import type { EventStore, OutboxStore } from './store.ts';

/** What delivery needs of its surroundings. */
export interface DeliveriesPorts {
  store: OutboxStore & Pick<EventStore, 'event'>;
  http: HttpClient;
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  /** Makes plain what was sealed before it was kept. */
  open(sealed: string): string;
  /** What is sensitive in the calls is masked in what receivers answer. */
  sensitive: AttemptPorts['sensitive'];
  /** Undefined when the application is gone or has no `webhook_url`. */
  target(applicationId: string): WebhookTarget | undefined;
  /**
   * Events that are kept in memory, some 2 kB each; 20,000 if left out. When receivers are slower than what happens,
   * the rest waits in the store, and is read when half of these are gone.
   */
  mostAwake?: number;
}

/** For the metrics: how many events wait now, and what became of events and tries since the start. */
export interface DeliveryCounts {
  /** Events that are neither accepted nor dead. */
  pending: number;
  /** How long the oldest of them has been waiting. */
  oldestMs: number;
  /** Events accepted. */
  delivered: number;
  /** Tries that failed. */
  failed: number;
  /** Events given up. */
  dead: number;
}
