import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';
import type { ClientUser } from './client.ts';
import { Machine, type TransactionContext } from './machine.ts';
import { giveUpAfter } from './timers.ts';

type Event = 'timer_e' | 'timer_f' | 'timer_k' | 'transport_error' | 'connection_ended' | '1xx' | '200-699';

/** RFC 3261 §17.1.2. */
export class NonInviteClientTransaction extends Machine<Event, SipResponse> {
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
    if (!this.flow.reliable) this.repeatAfter(this.timers.t1, 'timer_e');
    this.endAfter(giveUpAfter(this.timers), 'timer_f');
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
        if (!this.terminated) this.repeatWithin(this.timers.t2, 'timer_e');
        return;
      case '1xx':
        this.state = this.#proceeding;
        this.#user.response(response!);
        break;
      // Later, RFC 3261 §18.2.2 lets the response come over a connection of its own.
      case 'connection_ended':
        this.fail('transport_error');
        break;
      default:
        this.#settle(event, response);
        break;
    }
  }

  #proceeding(event: Event, response?: SipResponse): void {
    switch (event) {
      case 'timer_e':
        this.send(this.#data, 'transport_error');
        if (!this.terminated) this.repeatAfter(this.timers.t2, 'timer_e');
        return;
      case '1xx':
        this.#user.response(response!);
        break;
      default:
        this.#settle(event, response);
        break;
    }
  }

  #settle(event: Event, response?: SipResponse): void {
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
        // Timer K takes up repetitions of the response that are still on their way.
        if (!this.terminated) this.endAfter(this.flow.reliable ? 0 : this.timers.t4, 'timer_k');
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
