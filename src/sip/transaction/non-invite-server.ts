import { type SipRequest, type SipResponse, serialize } from '../message/index.ts';
import { type Flow, type Hop, replyFlow } from '../transport/index.ts';
import { Machine, type TransactionContext } from './machine.ts';
import type { ServerTransaction } from './server.ts';
import { giveUpAfter } from './timers.ts';

type Event = 'request' | 'timer_j' | 'transport_error' | '1xx' | '200-699';

/** RFC 3261 §17.2.2. */
export class NonInviteServerTransaction extends Machine<Event, SipRequest> implements ServerTransaction {
  readonly request: SipRequest;
  readonly source: Hop;
  #ended: () => void;
  #last: Buffer | undefined;
  protected state: (event: Event, message?: SipRequest) => void = this.#trying;

  constructor(context: TransactionContext, request: SipRequest, from: Flow, ended: () => void) {
    super(context, replyFlow(request, from));
    this.source = from.remote;
    this.request = request;
    this.#ended = ended;
    // RFC 4320 §4.2: after Timer F of the other side no response is of use.
    this.endAfter(giveUpAfter(this.timers), 'timer_j');
  }

  receive(request: SipRequest): void {
    this.state('request', request);
  }

  respond(response: SipResponse): void {
    if (this.terminated || this.state === this.#completed) return;
    this.#last = serialize(response);
    this.state(response.status < 200 ? '1xx' : '200-699');
  }

  protected ended(): void {
    this.#ended();
  }

  #trying(event: Event): void {
    switch (event) {
      case '1xx':
        this.state = this.#proceeding;
        this.#resend();
        break;
      case '200-699':
        this.#complete();
        break;
      case 'timer_j':
        this.terminate();
        break;
    }
  }

  #proceeding(event: Event): void {
    if (event === 'request') this.#resend();
    else this.#trying(event);
  }

  #complete(): void {
    this.stopTimers();
    this.state = this.#completed;
    this.#resend();
    // Timer J: as long as the request may be repeated, its response must be.
    if (!this.terminated) this.endAfter(this.flow.reliable ? 0 : giveUpAfter(this.timers), 'timer_j');
  }

  #completed(event: Event): void {
    if (event === 'request') this.#resend();
    if (event === 'timer_j' || event === 'transport_error') this.terminate();
  }

  #resend(): void {
    this.send(this.#last!, 'transport_error');
  }
}
