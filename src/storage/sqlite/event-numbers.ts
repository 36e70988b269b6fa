import type { WriteStatements } from './statements.ts';

/** The numbers of one call's events so far. */
class CallNumbers {
  /** The sequence of the last event; 0 without events. */
  last: number;
  #callId: string;
  #counts: Map<string, number>;

  /** @param counts how many events of each kind there are. */
  constructor(callId: string, last: number, counts: Map<string, number>) {
    this.#callId = callId;
    this.last = last;
    this.#counts = counts;
  }

  /** Contract 6: the key is `<call_id>:<event>`, and from the second event of a kind on `<call_id>:<event>:2`, … */
  next(event: string): { sequence: number; eventKey: string } {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    this.last += 1;
    const key = `${this.#callId}:${event}`;
    return { sequence: this.last, eventKey: count === 1 ? key : `${key}:${count}` };
  }
}

/**
 * Numbers the events of each call, inside transactions. The numbers of running calls are in memory, so that the
 * database is not read for every event.
 */
export class EventNumbers {
  #read: Pick<WriteStatements, 'lastSequence' | 'countEvents'>;
  #running = new Map<string, CallNumbers>();
  /** Calls of the current change that are not known to be running. */
  #others = new Map<string, CallNumbers>();

  constructor(read: Pick<WriteStatements, 'lastSequence' | 'countEvents'>) {
    this.#read = read;
  }

  of(callId: string): CallNumbers {
    return this.#running.get(callId) ?? this.#others.get(callId) ?? this.#load(callId);
  }

  /** Keeps the numbers of a call, which is running, until `forget`. */
  keep(callId: string): void {
    this.#running.set(callId, this.of(callId));
  }

  forget(callId: string): void {
    this.#running.delete(callId);
  }

  /** Call it after each change. */
  endChange(): void {
    this.#others.clear();
  }

  /** Reads everything again: a transaction was undone. */
  clear(): void {
    this.#running.clear();
    this.#others.clear();
  }

  #load(callId: string): CallNumbers {
    const row = this.#read.lastSequence.get(callId);
    const counts = row ? this.#read.countEvents.all(callId) : [];
    const numbers = new CallNumbers(
      callId,
      Number(row?.['last_sequence'] ?? 0),
      new Map(counts.map(({ event, count }) => [String(event), Number(count)])),
    );
    this.#others.set(callId, numbers);
    return numbers;
  }
}
