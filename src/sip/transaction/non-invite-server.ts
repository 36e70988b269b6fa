import { type SipRequest, type SipResponse, serialize } from '../message/index.ts';
import { type Flow, type Hop, replyFlow } from '../transport/index.ts';
import {
  type ServerTransaction,
  Transaction,
  type TransactionContext,
  transactionTimeoutMs,
} from './transaction.ts';

type Event = 'request' | 'timer_j' | 'transport_error' | '1xx' | '200-699';

/** The non-INVITE server transaction (RFC 3261 §17.2.2). */
export class NonInviteServerTransaction extends Transaction<Event, SipRequest> implements ServerTransaction {
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
    // RFC 4320 §4.2: no response is useful after the client's Timer F.
    this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_j');
  }

  receive(request: SipRequest): void {
    this.state('request', request);
  }

  respond(response: SipResponse): void {
    if (this.terminated || this.state === this.#completed) return;
    this.#last = serialize(response);
    this.state(response.status < 200 ? '1xx' : '200-699');
    // The request is kept for 32 s, and nothing reads it any more.
    if (response.status >= 200) this.request.headers.forgetParsed();
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
    // Timer J: the response is retransmitted for as long as the request may be.
    if (!this.terminated)
      this.timeoutAfter(this.flow.reliable ? 0 : transactionTimeoutMs(this.timers), 'timer_j');
  }

  #completed(event: Event): void {
    if (event === 'request') this.#resend();
    if (event === 'timer_j' || event === 'transport_error') this.terminate();
  }

  #resend(): void {
    this.send(this.#last!, 'transport_error');
  }
}
