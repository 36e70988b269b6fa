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
import { type Flow, type Hop, replyFlow, type Target, type TransportLayer } from '../transport/index.ts';
import { clientKey, mergeKey, possibleKeys, serverKey, type TokenGenerator } from './identifiers.ts';
import { cancelOf, InviteClientTransaction } from './invite-client.ts';
import { InviteServerTransaction } from './invite-server.ts';
import { NonInviteClientTransaction } from './non-invite-client.ts';
import { NonInviteServerTransaction } from './non-invite-server.ts';
import type { ClientTransaction, ClientUser, ServerTransaction, TransactionContext } from './transaction.ts';

/** The transaction user above all server transactions: the UAS core (RFC 3261 §5). */
export interface TransactionUser {
  /** Refuses (response) or drops (`silence`) a new request, except ACK and CANCEL, before state is kept. */
  refuse(request: SipRequest, source: Hop): SipResponse | 'silence' | undefined;
  /** Receives a new request, and must call `transaction.respond`. */
  request(transaction: ServerTransaction): void;
  /** Receives the ACK of a 2xx. */
  ack(request: SipRequest): void;
}

/** Counts events that are not reported to the transaction user. */
export interface TransactionCounters {
  /** Responses without a client transaction. */
  strayResponses: number;
  /** Requests that arrived over several paths, refused with 482. */
  merged: number;
  /** Requests outside of dialogs, refused with 503 because too many transactions are open. */
  overloaded: number;
}

export interface TransactionLayerOptions extends TransactionContext {
  transport: TransportLayer;
  tokens: TokenGenerator;
  /** Above this number of open transactions, requests outside of dialogs are refused with 503. */
  maxTransactions: number;
}

const OVERLOAD_RETRY_SECONDS = 5;
/** Transactions beyond the limit that requests within dialogs may open; limits the memory of a flood. */
const RESERVED_FOR_DIALOGS = 20_000;

/** Dispatches every message to its transaction (RFC 3261 §17). */
export class TransactionLayer {
  readonly counters: TransactionCounters = { strayResponses: 0, merged: 0, overloaded: 0 };
  user: TransactionUser | undefined;
  #options: TransactionLayerOptions;
  #clients = new Map<string, ClientTransaction>();
  #servers = new Map<string, ServerTransaction>();
  #mergeKeys = new Map<string, string>();

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
    options.transport.received = (message, flow) => this.#receive(message, flow);
  }

  /** Number of open client and server transactions. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Sends a request to the first reachable hop. @throws if none is reachable. */
  async start(request: SipRequest, target: Target, user: ClientUser): Promise<ClientTransaction> {
    const { flow, data } = await this.#options.transport.route(
      request,
      target,
      this.#options.tokens.branch(),
    );
    if (user.isCanceled?.()) throw new Error('The request was canceled before it was sent');
    return this.#start(request, data, flow, user);
  }

  /** Sends the CANCEL of an INVITE that has received a provisional response (RFC 3261 §9.1). */
  cancel(invite: ClientTransaction): void {
    const cancel = cancelOf(invite.request);
    this.#start(cancel, serialize(cancel), invite.flow, { response() {}, failed() {} });
  }

  /** Sends the ACK of a 2xx, which has no transaction. @returns its retransmission. @throws if unreachable. */
  async acknowledge(ack: SipRequest, target: Target): Promise<() => void> {
    const { flow, data } = await this.#options.transport.route(ack, target, this.#options.tokens.branch());
    flow.send(data);
    return () => flow.send(data);
  }

  /** Terminates all transactions without reporting to their users. */
  close(): void {
    for (const each of [...this.#clients.values(), ...this.#servers.values()]) each.terminate();
  }

  #start(request: SipRequest, data: Buffer, flow: Flow, user: ClientUser): ClientTransaction {
    const key = clientKey(request);
    const ended = () => {
      this.#clients.delete(key);
      user.ended?.();
    };
    const Client = request.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const transaction = new Client(this.#options, request, data, flow, { ...user, ended });
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
    this.#deliver(transaction, response);
  }

  /** An error while handling a response fails only its own transaction. */
  #deliver(transaction: ClientTransaction, response: SipResponse): void {
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
    else if (this.#isOverloaded(request)) this.#refuseOverloaded(request, flow);
    else this.#begin(this.#accept(request, key, flow), key);
  }

  // RFC 3261 §8.2.7: stateless, so that a flood of refused requests takes no memory.
  #isRefused(request: SipRequest, flow: Flow): boolean {
    const refusal = this.user?.refuse(request, flow.remote);
    if (refusal && refusal !== 'silence') replyFlow(request, flow).send(serialize(refusal));
    return refusal !== undefined;
  }

  /** Overload refuses new calls, but not the requests that change or end existing ones. */
  #isOverloaded(request: SipRequest): boolean {
    if (request.method === 'BYE') return false;
    const reserve = toOf(request).tag === undefined ? 0 : RESERVED_FOR_DIALOGS;
    return this.size >= this.#options.maxTransactions + reserve;
  }

  #begin(transaction: ServerTransaction, key: string): void {
    if (this.#isMerged(transaction.request, key)) this.#refuseMerged(transaction);
    else this.user?.request(transaction);
  }

  #accept(request: SipRequest, key: string, flow: Flow): ServerTransaction {
    const merging = mergeKey(request);
    const ended = () => {
      this.#servers.delete(key);
      if (merging !== undefined && this.#mergeKeys.get(merging) === key) this.#mergeKeys.delete(merging);
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
    if (merging !== undefined && !this.#mergeKeys.has(merging)) this.#mergeKeys.set(merging, key);
    return transaction;
  }

  #isMerged(request: SipRequest, key: string): boolean {
    const merging = mergeKey(request);
    return merging !== undefined && this.#mergeKeys.get(merging) !== key;
  }

  #refuseMerged(transaction: ServerTransaction): void {
    this.counters.merged++;
    const { request } = transaction;
    transaction.respond(this.#refusal(request, 482, 'The request has already arrived over another path'));
  }

  // RFC 3261 §9.2: CANCEL has its own response; it only affects an INVITE without final response.
  #cancel(request: SipRequest, key: string, flow: Flow): void {
    const invite = this.#servers.get(serverKey(request, 'INVITE'));
    if (invite instanceof InviteServerTransaction) {
      // RFC 3261 §9.2: the To tag is that of the responses to the INVITE.
      this.#accept(request, key, flow).respond(createResponse(request, 200, undefined, invite.toTag));
      invite.canceled?.();
    } else {
      const response = this.#refusal(request, 481, 'There is no pending INVITE for this CANCEL');
      replyFlow(request, flow).send(serialize(response));
    }
  }

  #refusal(request: SipRequest, status: number, why: string): SipResponse {
    const response = createResponse(request, status, undefined, this.#options.tokens.tag());
    response.headers.append('Warning', warningOf(why));
    return response;
  }

  #refuseOverloaded(request: SipRequest, flow: Flow): void {
    this.counters.overloaded++;
    const response = this.#refusal(request, 503, 'Too many transactions are open');
    response.headers.append('Retry-After', String(OVERLOAD_RETRY_SECONDS));
    replyFlow(request, flow).send(serialize(response));
  }
}
