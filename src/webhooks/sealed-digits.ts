import type { SensitiveCalls } from '../calls/index.ts';
import { type Clock, detach, explain, type Log, type Timer } from '../core/index.ts';
import type { EventRecord, EventStore, OutboxStore } from './store.ts';

/** Sensitive digits are not sent after 23 hours. Older ones are erased every hour, so none is kept for a day. */
export const MAX_SEALED_MS = 23 * 3_600_000;

const ERASE_INTERVAL_MS = 3_600_000;

/** The content of `data.sealed_digits`: the digits, and the only URL that they may be sent to. */
interface Sealed {
  digits: string;
  url: string;
}

export interface UnsealDeps {
  /** Decrypts what was sealed before it was stored. */
  open(sealed: string): string;
  /** Masks the sensitive values of calls in the responses of receivers. */
  sensitive: Pick<SensitiveCalls, 'add' | 'mask'>;
}

/** The sealed digits of an event; undefined where there are none or they cannot be decrypted. */
export function unsealDigits({ data }: EventRecord, open: UnsealDeps['open']): Sealed | undefined {
  const { sealed_digits: sealed } = data;
  if (typeof sealed !== 'string') return undefined;
  try {
    const { digits, url } = JSON.parse(open(sealed)) as Partial<Sealed>;
    return typeof digits === 'string' && typeof url === 'string' ? { digits, url } : undefined;
  } catch {
    return undefined;
  }
}

/** An event's data without its sealed digits; the masked ones remain. */
export function withoutSealed({ sealed_digits: _, ...data }: EventRecord['data']): EventRecord['data'] {
  return data;
}

/**
 * Masks the event's sealed digits in the stored responses to all events of its call. Earlier events are included,
 * because the application may know the digits from before a restart.
 */
export function maskSealedDigits(event: EventRecord, { open, sensitive }: UnsealDeps): void {
  const sealed = unsealDigits(event, open);
  if (sealed) sensitive.add(event.callId, sealed.digits);
}

export interface SealedDigitsDeps {
  store: Pick<OutboxStore, 'eraseSealed' | 'written'> & Pick<EventStore, 'event'>;
  clock: Clock;
  log: Log;
}

/** Erases the sensitive digits of an event when it is accepted, and after 23 to 24 hours at the latest. */
export class SealedDigits {
  #deps: SealedDigitsDeps;
  #timer: Timer | undefined;
  #isClosed = false;
  /** Events whose digits are erased, while the store may still return them. */
  #erased = new Set<string>();

  constructor(deps: SealedDigitsDeps) {
    this.#deps = deps;
  }

  /** Erases old digits now and every hour. Never rejects. */
  async start(): Promise<void> {
    const { store, clock, log } = this.#deps;
    await store.eraseSealed(clock.now() - MAX_SEALED_MS).catch((error) => {
      log.error({ error: explain(error) }, 'could not erase sensitive digits: retrying in an hour');
    });
    if (this.#isClosed) return;
    this.#timer = clock.after(ERASE_INTERVAL_MS, () => detach('webhooks.erase', this.start()));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** The change that erases the digits of an event, in a state in which they are not needed any more. */
  erase({ id, data }: EventRecord, state: EventRecord['state']): Partial<Pick<EventRecord, 'data'>> {
    const isDone = state === 'delivered' || state === 'unsent';
    if (!isDone || !('sealed_digits' in data)) return {};
    this.#erased.add(id);
    const written = Promise.resolve().then(() => this.#deps.store.written());
    const forget = () => this.#erased.delete(id);
    detach('webhooks.erased', written.then(forget));
    return { data: withoutSealed(data) };
  }

  /** Reads an event from the store, without digits that were erased but not written yet. */
  async event(id: string): Promise<EventRecord | undefined> {
    const event = await this.#deps.store.event(id);
    return event && this.#erased.has(id) ? { ...event, data: withoutSealed(event.data) } : event;
  }
}
