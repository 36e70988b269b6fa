import { type Clock, guarded, type Timer } from '../../core/index.ts';
import type { SipMessage, SipRequest, SipResponse } from '../message/index.ts';
import type { Flow, Hop } from '../transport/index.ts';

/** The base values of all SIP timers, in milliseconds (RFC 3261 §17.1.1.1). */
export interface TimerBase {
  /** Round-trip time estimate. */
  t1: number;
  /** Longest interval between retransmissions of a non-INVITE request or an INVITE response. */
  t2: number;
  /** Longest time that a message remains in the network. */
  t4: number;
}

/** All three timer values in the proportions of the RFC. @param t1 in milliseconds. */
export const timersFrom = (t1: number): TimerBase => ({ t1, t2: 8 * t1, t4: 10 * t1 });

export const standardTimers: TimerBase = timersFrom(500);

/** 64 × T1 in ms: Timers B, F, H, J, L and M (RFC 3261 table 4), and the limit of retransmissions. */
export const transactionTimeoutMs = ({ t1 }: TimerBase): number => 64 * t1;

/** The transaction user of a client transaction: receives its responses or its failure. */
export interface ClientUser {
  /** Receives the provisional responses and the final one; for INVITE also retransmitted 2xx. */
  response(response: SipResponse): void;
  /** Called instead of a final response: after Timer B or F, or when the request could not be sent. */
  failed(cause: 'timeout' | 'transport_error'): void;
  /** Called once, when the transaction has terminated. */
  ended?(): void;
  /** Whether the request was canceled while its connection was opened, so that it is not sent. */
  isCanceled?(): boolean;
}

/** A sent request that waits for its final response. */
export interface ClientTransaction {
  /** As sent, with its Via. */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly terminated: boolean;
  receive(response: SipResponse): void;
  /** Terminates it without reporting to its user. */
  terminate(): void;
  /** Terminates it and reports the cause to its user. */
  fail(cause: 'timeout' | 'transport_error'): void;
}

/** A received request that waits for its final response. */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** Destination of its responses. */
  readonly flow: Flow;
  /** Source of the request. */
  readonly source: Hop;
  /** To tag of all our responses, if the request has none; undefined: each response may have a new tag. */
  readonly toTag?: string | undefined;
  readonly terminated: boolean;
  /** Sends any number of provisional responses, then one final one; later responses are dropped. */
  respond(response: SipResponse): void;
  /** Receives a retransmission of the request, or the ACK. */
  receive(request: SipRequest): void;
  terminate(): void;
}

/** Dependencies of a transaction. */
export interface TransactionContext {
  clock: Clock;
  timers: TimerBase;
}

/**
 * Base of the four transaction state machines (RFC 3261 §17). Each state is a method that receives an event.
 * At most two timers run in a state: one retransmits a message, the other ends the state.
 */
export abstract class Transaction<Event extends string, Message extends SipMessage> {
  readonly flow: Flow;
  protected readonly timers: TimerBase;
  protected abstract state: (event: Event, message?: Message) => void;
  #clock: Clock;
  #retransmission: Timer | undefined;
  #timeout: Timer | undefined;
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

  /** Terminates the transaction in any state, without reporting to its user. */
  terminate(): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.stopTimers();
    this.#unwatch?.();
    this.ended();
  }

  /** Called once, when the transaction has terminated. */
  protected abstract ended(): void;

  protected send(data: Buffer, failed: Event): void {
    this.flow.send(data, () => {
      if (!this.#terminated) this.state(failed);
    });
  }

  /** Emits the event when the connection ends. An error in one transaction does not affect the others. */
  protected watchConnection(event: Event): void {
    this.#unwatch = this.flow.ended?.on(guarded('sip.connection', () => this.state(event)));
  }

  /** Emits the event after `ms`; the state then calls `retransmitWithin` or `retransmitAfter` to go on. */
  protected retransmitAfter(ms: number, event: Event): void {
    this.#retransmission?.cancel();
    this.#interval = ms;
    this.#retransmission = this.#clock.after(ms, () => this.state(event));
  }

  /** Emits the event after twice the last interval, at most `longest` ms. */
  protected retransmitWithin(longest: number, event: Event): void {
    this.retransmitAfter(Math.min(this.#interval * 2, longest), event);
  }

  /** Emits the event after `ms`; immediately for 0, as the RFC specifies for reliable transports. */
  protected timeoutAfter(ms: number, event: Event): void {
    this.#timeout?.cancel();
    if (ms > 0) this.#timeout = this.#clock.after(ms, () => this.state(event));
    else this.state(event);
  }

  protected stopTimers(): void {
    this.#retransmission?.cancel();
    this.#timeout?.cancel();
  }
}
