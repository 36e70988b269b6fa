import { createRequest, cseqOf, type SipRequest, type SipResponse, serialize } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';
import {
  type ClientUser,
  Transaction,
  type TransactionContext,
  transactionTimeoutMs,
} from './transaction.ts';

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

/** The INVITE client transaction (RFC 3261 §17.1.1) with the Accepted state of RFC 6026 §7.2. */
export class InviteClientTransaction extends Transaction<Event, SipResponse> {
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
    // Timer A: only over unreliable transports.
    if (!this.flow.reliable) this.retransmitAfter(this.timers.t1, 'timer_a');
    this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_b');
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
        if (!this.terminated) this.retransmitWithin(Number.POSITIVE_INFINITY, 'timer_a');
        return;
      case 'timer_b':
        this.fail('timeout');
        break;
      // Only before the first response: RFC 3261 §18.2.2 allows later responses over another connection.
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
        this.timeoutAfter(transactionTimeoutMs(this.timers), 'timer_m');
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
    // Timer D: at least 32 s, so that every retransmission of the response is acknowledged.
    if (!this.terminated)
      this.timeoutAfter(this.flow.reliable ? 0 : transactionTimeoutMs(this.timers), 'timer_d');
  }

  #completed(event: Event): void {
    if (event === '300-699') this.send(this.#ack!, 'transport_error');
    // RFC 3261 §17.1.1.2 also reports this error to the user, who already has the final response.
    if (event === 'timer_d' || event === 'transport_error') this.terminate();
  }

  /** Reports every 2xx, also of other forks, to the user, who sends the ACK (RFC 6026 §7.2). */
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

/** The hop-by-hop ACK of a 300–699 response (RFC 3261 §17.1.1.3). */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const ack = sameTransaction(invite, 'ACK');
  const to = response.headers.get('To');
  if (to !== undefined) ack.headers.set('To', to);
  return ack;
}

/** The CANCEL of an INVITE (RFC 3261 §9.1). */
export function cancelOf(invite: SipRequest): SipRequest {
  return sameTransaction(invite, 'CANCEL');
}

function sameTransaction(invite: SipRequest, method: string): SipRequest {
  const { headers } = invite;
  const request = createRequest({ method, uri: invite.uri, headers: [['Via', headers.all('Via')[0]!]] });
  for (const name of ['Max-Forwards', 'Route', 'From', 'To', 'Call-ID']) {
    for (const value of headers.all(name)) request.headers.append(name, value);
  }
  request.headers.append('CSeq', `${cseqOf(invite).number} ${method}`);
  return request;
}
