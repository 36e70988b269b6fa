import { type Clock, guarded, type Timer } from '../../core/index.ts';
import type { SipMessage } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';
import type { TimerBase } from './timers.ts';

/** What a transaction needs from outside. */
export interface TransactionContext {
  clock: Clock;
  timers: TimerBase;
}

/**
 * What the four transactions share. Each state is a method that takes an event; in every state at most two
 * timers run: one that repeats a message, and one that ends the state.
 */
export abstract class Machine<Event extends string, Message extends SipMessage> {
  readonly flow: Flow;
  protected readonly timers: TimerBase;
  protected abstract state: (event: Event, message?: Message) => void;
  #clock: Clock;
  #repeating: Timer | undefined;
  #ending: Timer | undefined;
  #interval = 0;
  #unwatch: (() => void) | undefined;
  #terminated = false;

  constructor({ clock, timers }: TransactionContext, flow: Flow) {
    this.flow = flow;
    this.timers = timers;
    this.#clock = clock;
  }

  get terminated(): boolean {
    return this.#terminated;
  }

  /** Ends it in whatever state it is, silently. */
  terminate(): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.stopTimers();
    this.#unwatch?.();
    this.ended();
  }

  /** Called once, when nothing of the transaction is left. */
  protected abstract ended(): void;

  protected send(data: Buffer, failed: Event): void {
    this.flow.send(data, () => {
      if (!this.#terminated) this.state(failed);
    });
  }

  /** Gets the event when the connection ends, from now on. One that fails then does not keep it from the others. */
  protected watchConnection(event: Event): void {
    this.#unwatch = this.flow.ended?.on(guarded('sip.connection', () => this.state(event)));
  }

  /** First after `ms`; the state that takes the event says with `repeatWithin` when again. */
  protected repeatAfter(ms: number, event: Event): void {
    this.#repeating?.cancel();
    this.#interval = ms;
    this.#repeating = this.#clock.after(ms, () => this.state(event));
  }

  /** Doubles the last interval, up to `longest`. */
  protected repeatWithin(longest: number, event: Event): void {
    this.repeatAfter(Math.min(this.#interval * 2, longest), event);
  }

  /** An interval of 0, as the RFC has it for reliable transports, is over at once. */
  protected endAfter(ms: number, event: Event): void {
    this.#ending?.cancel();
    if (ms > 0) this.#ending = this.#clock.after(ms, () => this.state(event));
    else this.state(event);
  }

  protected stopTimers(): void {
    this.#repeating?.cancel();
    this.#ending?.cancel();
  }

  protected stopRepeating(): void {
    this.#repeating?.cancel();
  }
}
