import { type Clock, detach, explain, type Log, type Timer } from '../core/index.ts';
import { SENSITIVE_MS, withoutSealed } from './body.ts';
import type { EventRecord, EventStore, OutboxStore } from './store.ts';

export interface SealedDigitsPorts {
  store: Pick<OutboxStore, 'eraseSealed' | 'written'> & Pick<EventStore, 'event'>;
  clock: Clock;
  log: Log;
}

/** Between two looks for sensitive digits that are too old. */
const ERASE_MS = 3_600_000;

/** Sees to it that the sensitive digits of an event are stored until they are accepted, and for a day at most. */
export class SealedDigits {
  #ports: SealedDigitsPorts;
  #timer: Timer | undefined;
  #closed = false;
  /** Events whose sensitive digits are erased, while the store may still answer with them. */
  #erased = new Set<string>();

  constructor(ports: SealedDigitsPorts) {
    this.#ports = ports;
  }

  /** Erases what is too old, now and each hour. Never rejects. */
  async start(): Promise<void> {
    const { store, clock, log } = this.#ports;
    await store.eraseSealed(clock.now() - SENSITIVE_MS).catch((error) => {
      log.error({ error: explain(error) }, 'sensitive digits could not be erased: trying again in an hour');
    });
    if (this.#closed) return;
    this.#timer = clock.after(ERASE_MS, () => detach('webhooks.erase', this.start()));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** What is to be written of an event's data where it has been accepted, or has no receiver. */
  erase({ id, data }: EventRecord, state: EventRecord['state']): Partial<Pick<EventRecord, 'data'>> {
    const isDone = state === 'delivered' || state === 'unsent';
    if (!isDone || !('sealed_digits' in data)) return {};
    this.#erased.add(id);
    const written = Promise.resolve().then(() => this.#ports.store.written());
    const forget = () => this.#erased.delete(id);
    detach('webhooks.erased', written.then(forget));
    return { data: withoutSealed(data) };
  }

  /** The event as it is stored, or will be. */
  async event(id: string): Promise<EventRecord | undefined> {
    const event = await this.#ports.store.event(id);
    return event && this.#erased.has(id) ? { ...event, data: withoutSealed(event.data) } : event;
  }
}
