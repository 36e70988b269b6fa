import type { Timer } from '../core/index.ts';
import type { EventRecord } from './store.ts';

/** Memory for events, in bytes. Most events take 2 kB; the variables of its call can make one 400 kB. */
export const MAX_BYTES_IN_MEMORY = 64 * 1024 * 1024;

/** One event that is being delivered. */
export interface Delivery {
  event: EventRecord;
  /** Since when it waits to be delivered, in milliseconds since 1970. */
  since: number;
  /** `waiting` for an earlier event of its call, `scheduled` for its next attempt, or `sending` one. */
  stage: 'waiting' | 'scheduled' | 'sending';
  /** Starts the next attempt. */
  timer?: Timer;
  /** It is sent again on request: no later event of the call waits for it. */
  isRedelivery: boolean;
  /** The store has the outcome of the last attempt. */
  isRecorded?: boolean;
  /** Memory that the event takes. */
  bytes?: number;
}

/** The deliveries in memory: by event, and per call in order of sequence. */
export class DeliveryQueue {
  readonly maxEvents: number;
  #byId = new Map<string, Delivery>();
  #byCall = new Map<string, Delivery[]>();
  #bytes = 0;

  constructor(maxEvents: number) {
    this.maxEvents = maxEvents;
  }

  get size(): number {
    return this.#byId.size;
  }

  get isFull(): boolean {
    return this.size >= this.maxEvents || this.#bytes >= MAX_BYTES_IN_MEMORY;
  }

  get isHalfEmpty(): boolean {
    return this.size <= this.maxEvents / 2 && this.#bytes <= MAX_BYTES_IN_MEMORY / 2;
  }

  /** How many more events may be added. */
  get freeSlots(): number {
    return this.isFull ? 0 : this.maxEvents - this.size;
  }

  /** Since when the delivery that was added first waits; undefined when there is none. */
  get oldestSince(): number | undefined {
    const [first] = this.#byId.values();
    return first?.since;
  }

  get(eventId: string): Delivery | undefined {
    return this.#byId.get(eventId);
  }

  /** The deliveries of a call in order of sequence. */
  ofCall(callId: string): readonly Delivery[] {
    return this.#byCall.get(callId) ?? [];
  }

  add(delivery: Delivery): void {
    const { id, callId, sequence } = delivery.event;
    this.#byId.set(id, delivery);
    this.#bytes += delivery.bytes ??= bytesOf(delivery.event);
    const ofCall = this.#byCall.get(callId);
    if (!ofCall) this.#byCall.set(callId, [delivery]);
    else {
      const before = ofCall.findLastIndex(({ event }) => event.sequence < sequence);
      ofCall.splice(before + 1, 0, delivery);
    }
  }

  remove(delivery: Delivery): void {
    const { id, callId } = delivery.event;
    if (this.#byId.delete(id)) this.#bytes -= delivery.bytes ?? 0;
    const ofCall = this.#byCall.get(callId);
    ofCall?.splice(ofCall.indexOf(delivery), 1);
    if (ofCall?.length === 0) this.#byCall.delete(callId);
  }

  /** Removes all deliveries and cancels their timers. */
  clear(): void {
    for (const delivery of this.#byId.values()) delivery.timer?.cancel();
    this.#byId.clear();
    this.#byCall.clear();
  }
}

/** The approximate memory of an event, in bytes. */
export function bytesOf({ call, data }: EventRecord): number {
  let characters = JSON.stringify(data).length;
  for (const [name, value] of Object.entries(call.variables)) characters += name.length + value.length;
  return 2000 + 2 * characters;
}
