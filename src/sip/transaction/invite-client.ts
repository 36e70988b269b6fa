import { type SipRequest, type SipResponse, serialize } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';
import { ackForFailure } from './ack.ts';
import type { ClientUser } from './client.ts';
import { Machine, type TransactionContext } from './machine.ts';
import { giveUpAfter } from './timers.ts';

type Event =
  | 'timer_a'
  | 'timer_b'
  | 'timer_d'
  | 'timer_m'
  | 'transport_error'
  | 'connection_ended'
  | '1xx'
  | '2xx'
  | '300-699';

/** RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2. */
export class InviteClientTransaction extends Machine<Event, SipResponse> {
  readonly request: SipRequest;
  #data: Buffer;
  #user: ClientUser;
  #ack: Buffer | undefined;
  protected state: (event: Event, message?: SipResponse) => void = this.#calling;

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
    // Timer A: only where the transport itself does not repeat.
    if (!this.flow.reliable) this.repeatAfter(this.timers.t1, 'timer_a');
    this.endAfter(giveUpAfter(this.timers), 'timer_b');
  }

  receive(response: SipResponse): void {
    const event = response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '300-699';
    this.state(event, response);
  }

  protected ended(): void {
    this.#user.ended?.();
  }

  #calling(event: Event, response?: SipResponse): void {
    switch (event) {
      case 'timer_a':
        this.send(this.#data, 'transport_error');
        if (!this.terminated) this.repeatWithin(Number.POSITIVE_INFINITY, 'timer_a');
        return;
      case 'timer_b':
        this.fail('timeout');
        break;
      // Nobody has answered yet. Later, RFC 3261 §18.2.2 lets the response come over a connection of its own.
      case 'connection_ended':
        this.fail('transport_error');
        break;
      default:
        this.#proceeding(event, response);
        break;
    }
  }

  #proceeding(event: Event, response?: SipResponse): void {
    switch (event) {
      case '1xx':
        this.stopTimers();
        this.state = this.#proceeding;
        this.#user.response(response!);
        break;
      case '2xx':
        this.stopTimers();
        this.state = this.#accepted;
        this.endAfter(giveUpAfter(this.timers), 'timer_m');
        this.#user.response(response!);
        break;
      case '300-699':
        this.#refused(response!);
        break;
      case 'transport_error':
        this.fail('transport_error');
        break;
    }
  }

  #refused(response: SipResponse): void {
    this.stopTimers();
    this.state = this.#completed;
    this.#ack = serialize(ackForFailure(this.request, response));
    this.send(this.#ack, 'transport_error');
    this.#user.response(response);
    // Timer D: at least 32 s, so that every repetition of the response finds its ACK.
    if (!this.terminated) this.endAfter(this.flow.reliable ? 0 : giveUpAfter(this.timers), 'timer_d');
  }

  #completed(event: Event): void {
    if (event === '300-699') this.send(this.#ack!, 'transport_error');
    // RFC 3261 §17.1.1.2 would tell the user of an error here too, but it has its final response.
    if (event === 'timer_d' || event === 'transport_error') this.terminate();
  }

  /** RFC 6026 §7.2: every 2xx, repeated or from another fork, goes to the user, who sends the ACK. */
  #accepted(event: Event, response?: SipResponse): void {
    if (event === '2xx') this.#user.response(response!);
    if (event === 'timer_m') this.terminate();
  }

  fail(cause: 'timeout' | 'transport_error'): void {
    if (this.terminated) return;
    this.terminate();
    this.#user.failed(cause);
  }
}
