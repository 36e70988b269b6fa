import { createResponse, type SipRequest, type SipResponse, serialize } from '../message/index.ts';
import { type Flow, type Hop, replyFlow } from '../transport/index.ts';
import {
  type ServerTransaction,
  Transaction,
  type TransactionContext,
  transactionTimeoutMs,
} from './transaction.ts';

type Event =
  | 'invite'
  | 'ack'
  | 'timer_trying'
  | 'timer_g'
  | 'timer_h'
  | 'timer_i'
  | 'timer_l'
  | 'transport_error'
  | '1xx'
  | '2xx'
  | '300-699';

// RFC 3261 §17.2.1: 100 is sent unless the user responds within this time.
const TRYING_MS = 200;

/** The transaction user of an INVITE server transaction. */
export interface InviteServerUser {
  /** Receives the ACK of a 2xx with the INVITE's branch (RFC 6026 §7.1). */
  acked(ack: SipRequest): void;
  ended(): void;
}

/** The INVITE server transaction (RFC 3261 §17.2.1) with the Accepted state of RFC 6026 §7.1. */
export class InviteServerTransaction extends Transaction<Event, SipRequest> implements ServerTransaction {
  readonly request: SipRequest;
  readonly source: Hop;
  /** To tag of all our responses, if the request has none. */
  readonly toTag: string | undefined;
  /** Called for a CANCEL before the final response. */
  canceled: (() => void) | undefined;
  #user: InviteServerUser;
  #last: Buffer | undefined;
  protected state: (event: Event, message?: SipRequest) => void = this.#proceeding;

  constructor(
    context: TransactionContext,
    request: SipRequest,
    from: Flow,
    user: InviteServerUser,
    toTag?: string,
  ) {
    super(context, replyFlow(request, from));
    this.toTag = toTag;
    this.source = from.remote;
    this.request = request;
    this.#user = user;
    this.timeoutAfter(TRYING_MS, 'timer_trying');
  }

  receive(request: SipRequest): void {
    this.state(request.method === 'ACK' ? 'ack' : 'invite', request);
  }

  respond(response: SipResponse): void {
    if (this.terminated) return;
    const event = response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '300-699';
    const allowed = this.state === this.#proceeding || (this.state === this.#accepted && event === '2xx');
    if (!allowed) return;
    this.#last = serialize(response);
    this.state(event);
    // The request is kept for 32 s or longer, and nothing reads it any more.
    if (event !== '1xx') this.request.headers.forgetParsed();
  }

  /** Retransmits the last response on behalf of the user (RFC 6026 §7.1). */
  retransmit(): void {
    if (!this.terminated) this.#resend();
  }

  protected ended(): void {
    this.#user.ended();
  }

  #proceeding(event: Event): void {
    switch (event) {
      case 'timer_trying':
        if (!this.#last) this.#last = serialize(createResponse(this.request, 100, 'Trying'));
        this.#resend();
        break;
      case 'invite':
        if (this.#last) this.#resend();
        return;
      case '1xx':
        this.stopTimers();
        this.#resend();
        break;
      case '2xx':
        this.stopTimers();
        this.state = this.#accepted;
        this.canceled = undefined;
        this.#resend();
        this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_l');
        break;
      case '300-699':
        this.#refuse();
        break;
    }
  }

  #refuse(): void {
    this.stopTimers();
    this.state = this.#completed;
    this.canceled = undefined;
    this.#resend();
    if (this.terminated) return;
    if (!this.flow.reliable) this.retransmitAfter(this.timers.t1, 'timer_g');
    this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_h');
  }

  #completed(event: Event): void {
    switch (event) {
      case 'invite':
        this.#resend();
        break;
      case 'timer_g':
        this.#resend();
        if (!this.terminated) this.retransmitWithin(this.timers.t2, 'timer_g');
        return;
      case 'ack':
        this.stopTimers();
        this.state = this.#confirmed;
        this.timeoutAfter(this.flow.reliable ? 0 : this.timers.t4, 'timer_i');
        break;
      case 'timer_h':
      case 'transport_error':
        this.terminate();
        break;
    }
  }

  #confirmed(event: Event): void {
    if (event === 'timer_i') this.terminate();
  }

  #accepted(event: Event, request?: SipRequest): void {
    if (event === '2xx') this.#resend();
    if (event === 'ack') this.#user.acked(request!);
    if (event === 'timer_l') this.terminate();
  }

  #resend(): void {
    this.send(this.#last!, 'transport_error');
  }
}
