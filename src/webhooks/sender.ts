import { explain } from '../core/index.ts';
import { attemptDelivery } from './attempt.ts';
import type { Delivery } from './delivery-queue.ts';
import type { DeliveriesDeps } from './ports.ts';
import { outcomeOf } from './retry-schedule.ts';
import type { SealedDigits } from './sealed-digits.ts';
import type { AttemptRecord } from './store.ts';

/** Sends single attempts and records their outcomes in the delivery and in the store. */
export class DeliverySender {
  /** Events delivered and given up, and attempts failed, since the start. */
  readonly counts = { delivered: 0, failed: 0, dead: 0 };
  #deps: DeliveriesDeps;
  #sealed: SealedDigits;

  constructor(deps: DeliveriesDeps, sealed: SealedDigits) {
    this.#deps = deps;
    this.#sealed = sealed;
  }

  /** Sends one attempt. Never rejects; where `signal` aborts it, the delivery stays as it was. */
  async send(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { event } = delivery;
    try {
      const target = this.#deps.target(event.applicationId);
      if (!target) await this.#recordUnsent(delivery);
      else await this.#record(delivery, await attemptDelivery(event, target, this.#deps, signal));
    } catch (error) {
      if (signal.aborted) return;
      // Deliveries go on although nothing can be written: at worst the attempt is repeated after a restart.
      const fields = { event_id: event.id, error: explain(error) };
      this.#deps.log.error(fields, 'could not record a webhook delivery');
      if (delivery.event === event) this.#failWithoutAttempt(delivery, error);
    }
  }

  /** Counts a failed attempt although nothing was sent: otherwise it would be repeated at once without end. */
  #failWithoutAttempt(delivery: Delivery, error: unknown): void {
    const { event } = delivery;
    const attempt = event.attempts + 1;
    const outcome = this.#outcome({ eventId: event.id, attempt, status: null, error: explain(error) });
    delivery.event = { ...event, attempts: attempt, ...outcome };
    delivery.isRecorded = false;
  }

  async #record(delivery: Delivery, attempt: AttemptRecord): Promise<void> {
    const outcome = this.#outcome(attempt);
    const progress = {
      attempts: attempt.attempt,
      ...outcome,
      ...this.#sealed.erase(delivery.event, outcome.state),
    };
    delivery.event = { ...delivery.event, ...progress };
    delivery.isRecorded = false;
    await this.#deps.store.saveAttempt(attempt, { id: delivery.event.id, ...progress });
    delivery.isRecorded = true;
  }

  /** Records that the application has no webhook any more. */
  async #recordUnsent(delivery: Delivery): Promise<void> {
    const { attempts } = delivery.event;
    const state = 'unsent' as const;
    const progress = { attempts, state, nextAttemptAt: null, ...this.#sealed.erase(delivery.event, state) };
    delivery.event = { ...delivery.event, ...progress };
    await this.#deps.store.saveEventState({ id: delivery.event.id, ...progress });
  }

  #outcome(result: Pick<AttemptRecord, 'attempt' | 'status' | 'error' | 'eventId'>) {
    const outcome = outcomeOf(result, this.#deps);
    if (outcome.state === 'delivered') {
      this.counts.delivered++;
      return outcome;
    }
    this.counts.failed++;
    if (outcome.state === 'dead') {
      this.counts.dead++;
      const { eventId: event_id, attempt, status, error } = result;
      this.#deps.log.warn({ event_id, attempt, status, error }, 'gave up delivering an event');
    }
    return outcome;
  }
}
