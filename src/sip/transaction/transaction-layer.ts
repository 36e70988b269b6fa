import {
  createResponse,
  repair,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  serialize,
  toOf,
  warningOf,
} from '../message/index.ts';
import type { Tokens } from '../tokens.ts';
import { type Flow, type Hop, replyFlow, type Target, type TransportLayer } from '../transport/index.ts';
import { cancelOf } from './ack.ts';
import type { ClientTransaction, ClientUser } from './client.ts';
import { InviteClientTransaction } from './invite-client.ts';
import { InviteServerTransaction } from './invite-server.ts';
import { clientKey, mergeKey, possibleKeys, serverKey } from './key.ts';
import type { TransactionContext } from './machine.ts';
import { NonInviteClientTransaction } from './non-invite-client.ts';
import { NonInviteServerTransaction } from './non-invite-server.ts';
import type { ServerTransaction } from './server.ts';

/** RFC 3261 §5: who is above the transactions. */
export interface TransactionUser {
  /** Refuses a new request before anything is kept of it, or does not even say so. Not asked for ACK and CANCEL. */
  refuse(request: SipRequest, source: Hop): SipResponse | 'silence' | undefined;
  /** A new request; it waits for `transaction.respond`. */
  request(transaction: ServerTransaction): void;
  /** The ACK of a 2xx. */
  ack(request: SipRequest): void;
}

/** What happened that nobody was told of. */
export interface TransactionCounters {
  /** Responses to nothing that we asked. */
  strayResponses: number;
  /** Requests that came over two ways (482). */
  merged: number;
  /** Requests outside of dialogs refused with 503 because too many transactions were open. */
  overloaded: number;
}

export interface TransactionLayerOptions extends TransactionContext {
  transport: TransportLayer;
  tokens: Tokens;
  /** More open transactions than this, and requests outside of dialogs are refused with 503. */
  maxTransactions: number;
}

const OVERLOAD_RETRY_SECONDS = 5;
/** Transactions that calls may have beyond the limit: a peer that floods its own call must not fill the memory. */
const RESERVED_FOR_DIALOGS = 20_000;

/** RFC 3261 §17: brings every message to its transaction. */
export class TransactionLayer {
  readonly counters: TransactionCounters = { strayResponses: 0, merged: 0, overloaded: 0 };
  user: TransactionUser | undefined;
  #options: TransactionLayerOptions;
  #clients = new Map<string, ClientTransaction>();
  #servers = new Map<string, ServerTransaction>();
  #merging = new Map<string, string>();

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
    options.transport.received = (message, flow) => this.#receive(message, flow);
  }

  /** Transactions that are open, on both sides. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Sends a request to the first hop that takes it. @throws when none can be reached. */
  async start(request: SipRequest, target: Target, user: ClientUser): Promise<ClientTransaction> {
    const { flow, data } = await this.#options.transport.route(
      request,
      target,
      this.#options.tokens.branch(),
    );
    if (user.unwanted?.()) throw new Error('The request was taken back before it was sent');
    return this.#start(request, data, flow, user);
  }

  /** Takes back an INVITE that has had a provisional response (RFC 3261 §9.1). */
  cancel(invite: ClientTransaction): void {
    const cancel = cancelOf(invite.request);
    this.#start(cancel, serialize(cancel), invite.flow, { response() {}, failed() {} });
  }

  /** Sends an ACK of a 2xx, which belongs to no transaction. Rejects when there is no way to send it. */
  async acknowledge(ack: SipRequest, target: Target): Promise<() => void> {
    const { flow, data } = await this.#options.transport.route(ack, target, this.#options.tokens.branch());
    flow.send(data);
    return () => flow.send(data);
  }

  /** Ends everything silently. */
  close(): void {
    for (const each of [...this.#clients.values(), ...this.#servers.values()]) each.terminate();
  }

  #start(request: SipRequest, data: Buffer, flow: Flow, user: ClientUser): ClientTransaction {
    const key = clientKey(request);
    const ended = () => {
      this.#clients.delete(key);
      user.ended?.();
    };
    const Machine = request.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const transaction = new Machine(this.#options, request, data, flow, { ...user, ended });
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  #receive(message: SipMessage, flow: Flow): void {
    if (message.kind === 'request') this.#receiveRequest(message, flow);
    else this.#receiveResponse(message);
  }

  #receiveResponse(response: SipResponse): void {
    const keys = response.fault === undefined ? [clientKey(response)] : possibleKeys(response);
    const key = keys.find((each) => this.#clients.has(each));
    const transaction = key === undefined ? undefined : this.#clients.get(key);
    if (!transaction) {
      this.counters.strayResponses++;
      return;
    }
    if (response.fault !== undefined) repair(response, transaction.request);
    this.#respond(transaction, response);
  }

  /** A response that cannot be handled ends the transaction that it belongs to, and nothing else. */
  #respond(transaction: ClientTransaction, response: SipResponse): void {
    try {
      transaction.receive(response);
    } catch (error) {
      transaction.fail('transport_error');
      throw error;
    }
  }

  #receiveRequest(request: SipRequest, flow: Flow): void {
    const key = serverKey(request);
    const known = this.#servers.get(key);
    if (known) known.receive(request);
    else if (request.method === 'ACK') this.user?.ack(request);
    else if (request.method === 'CANCEL') this.#cancel(request, key, flow);
    else if (this.#isRefused(request, flow)) return;
    else if (this.#isTooMuch(request)) this.#overloaded(request, flow);
    else this.#begin(this.#accept(request, key, flow), key);
  }

  // RFC 3261 §8.2.7: without a transaction a refusal costs next to nothing, however many there are.
  #isRefused(request: SipRequest, flow: Flow): boolean {
    const refusal = this.user?.refuse(request, flow.remote);
    if (refusal && refusal !== 'silence') replyFlow(request, flow).send(serialize(refusal));
    return refusal !== undefined;
  }

  /** Overload refuses new calls, not what ends or changes the running ones. */
  #isTooMuch(request: SipRequest): boolean {
    if (request.method === 'BYE') return false;
    const reserve = toOf(request).tag === undefined ? 0 : RESERVED_FOR_DIALOGS;
    return this.size >= this.#options.maxTransactions + reserve;
  }

  #begin(transaction: ServerTransaction, key: string): void {
    if (this.#isMerged(transaction.request, key)) this.#merged(transaction);
    else this.user?.request(transaction);
  }

  #accept(request: SipRequest, key: string, flow: Flow): ServerTransaction {
    const merging = mergeKey(request);
    const ended = () => {
      this.#servers.delete(key);
      if (merging !== undefined && this.#merging.get(merging) === key) this.#merging.delete(merging);
    };
    const transaction =
      request.method === 'INVITE'
        ? new InviteServerTransaction(
            this.#options,
            request,
            flow,
            { acked: (ack) => this.user?.ack(ack), ended },
            this.#options.tokens.tag(),
          )
        : new NonInviteServerTransaction(this.#options, request, flow, ended);
    this.#servers.set(key, transaction);
    if (merging !== undefined && !this.#merging.has(merging)) this.#merging.set(merging, key);
    return transaction;
  }

  #isMerged(request: SipRequest, key: string): boolean {
    const merging = mergeKey(request);
    return merging !== undefined && this.#merging.get(merging) !== key;
  }

  #merged(transaction: ServerTransaction): void {
    this.counters.merged++;
    const { request } = transaction;
    transaction.respond(this.#refusal(request, 482, 'The request has come on another way already'));
  }

  // RFC 3261 §9.2: answered by itself; only an INVITE that waits can be taken back.
  #cancel(request: SipRequest, key: string, flow: Flow): void {
    const invite = this.#servers.get(serverKey(request, 'INVITE'));
    if (invite instanceof InviteServerTransaction) {
      // RFC 3261 §9.2: the To tag is that of the responses to the INVITE.
      this.#accept(request, key, flow).respond(createResponse(request, 200, undefined, invite.toTag));
      invite.canceled?.();
    } else {
      const response = this.#refusal(request, 481, 'No INVITE waits for this CANCEL');
      replyFlow(request, flow).send(serialize(response));
    }
  }

  #refusal(request: SipRequest, status: number, why: string): SipResponse {
    const response = createResponse(request, status, undefined, this.#options.tokens.tag());
    response.headers.append('Warning', warningOf(why));
    return response;
  }

  #overloaded(request: SipRequest, flow: Flow): void {
    this.counters.overloaded++;
    const response = this.#refusal(request, 503, 'Too many requests are open');
    response.headers.append('Retry-After', String(OVERLOAD_RETRY_SECONDS));
    replyFlow(request, flow).send(serialize(response));
  }
}
