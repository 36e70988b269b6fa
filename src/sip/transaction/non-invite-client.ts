import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';
import {
  type ClientUser,
  Transaction,
  type TransactionContext,
  transactionTimeoutMs,
} from './transaction.ts';

type Event = 'timer_e' | 'timer_f' | 'timer_k' | 'transport_error' | 'connection_ended' | '1xx' | '200-699';

/** The non-INVITE client transaction (RFC 3261 §17.1.2). */
export class NonInviteClientTransaction extends Transaction<Event, SipResponse> {
  readonly request: SipRequest;
  #data: Buffer;
  #user: ClientUser;
  protected state: (event: Event, message?: SipResponse) => void = this.#trying;

  constructor(context: TransactionContext, request: SipRequest, data: Buffer, flow: Flow, user: ClientUser) {
    super(context, flow);
    this.request = request;
    this.#data = data;
    this.#user = user;
  }

  start(): void {
    this.watchConnection('connection_ended');
    this.send(this.#data, 'transport_error');
    if (this.terminated) return;
    if (!this.flow.reliable) this.retransmitAfter(this.timers.t1, 'timer_e');
    this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_f');
  }

  receive(response: SipResponse): void {
    this.state(response.status < 200 ? '1xx' : '200-699', response);
  }

  protected ended(): void {
    this.#user.ended?.();
  }

  #trying(event: Event, response?: SipResponse): void {
    switch (event) {
      case 'timer_e':
        this.send(this.#data, 'transport_error');
        if (!this.terminated) this.retransmitWithin(this.timers.t2, 'timer_e');
        return;
      case '1xx':
        this.state = this.#proceeding;
        this.#user.response(response!);
        break;
      // Only before the first response: RFC 3261 §18.2.2 allows later responses over another connection.
      case 'connection_ended':
        this.fail('transport_error');
        break;
      default:
        this.#awaitFinal(event, response);
        break;
    }
  }

  #proceeding(event: Event, response?: SipResponse): void {
    switch (event) {
      case 'timer_e':
        this.send(this.#data, 'transport_error');
        if (!this.terminated) this.retransmitAfter(this.timers.t2, 'timer_e');
        return;
      case '1xx':
        this.#user.response(response!);
        break;
      default:
        this.#awaitFinal(event, response);
        break;
    }
  }

  #awaitFinal(event: Event, response?: SipResponse): void {
    switch (event) {
      case 'timer_f':
        this.fail('timeout');
        break;
      case 'transport_error':
        this.fail('transport_error');
        break;
      case '200-699':
        this.stopTimers();
        this.state = this.#completed;
        this.#user.response(response!);
        // Timer K absorbs retransmissions of the response.
        if (!this.terminated) this.timeoutAfter(this.flow.reliable ? 0 : this.timers.t4, 'timer_k');
    }
  }

  #completed(event: Event): void {
    if (event === 'timer_k') this.terminate();
  }

  fail(cause: 'timeout' | 'transport_error'): void {
    if (this.terminated) return;
    this.terminate();
    this.#user.failed(cause);
  }
}
