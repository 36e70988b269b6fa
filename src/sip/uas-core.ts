import { detach } from '../core/index.ts';
import { negotiateInterval, targetOf } from './dialog/index.ts';
import { type IncomingInvite, ServerInvite } from './incoming-invite.ts';
import {
  maxForwardsOf,
  type Reply,
  type SipRequest,
  type SipResponse,
  statelessTag,
  toOf,
} from './message/index.ts';
import {
  InviteServerTransaction,
  type ServerTransaction,
  type TransactionUser,
} from './transaction/index.ts';
import type { Hop } from './transport/index.ts';
import {
  ACCEPT,
  buildResponse,
  capabilityHeaders,
  checkRequire,
  errorReply,
  reply,
  type UaContext,
  unsupportedBody,
} from './ua-context.ts';

/**
 * Screens a new request outside of dialogs, and each retransmission of it, before any state is kept.
 * The returned reply refuses the request statelessly; `silence` drops it; undefined admits it.
 */
export type RequestScreen = (request: SipRequest, source: Hop) => Reply | 'silence' | undefined;

/** Answers requests outside of dialogs that are neither INVITE nor OPTIONS. */
export type RequestHandler = (request: SipRequest, source: Hop) => Reply | Promise<Reply>;

/** Methods that are only valid within a dialog. */
const IN_DIALOG_ONLY = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO', 'NOTIFY']);

const CLOSING: Reply = { status: 503, headers: [['Retry-After', '30']], why: 'The server is stopping' };
const NO_DIALOG: Reply = { status: 481, why: 'There is no such dialog here' };

/** Some phones put the To tag of the last 200 into a REGISTER, which has no dialog (RFC 3261 §10.2). */
const isInDialog = (request: SipRequest): boolean =>
  request.method !== 'REGISTER' && toOf(request).tag !== undefined;

/** The UAS core (RFC 3261 §8.2): dispatches each new request to its dialog or to the application. */
export class UasCore implements TransactionUser {
  onInvite: ((invite: IncomingInvite) => void) | undefined;
  onRequest: RequestHandler | undefined;
  onOptions: ((request: SipRequest, source: Hop) => Reply | undefined) | undefined;
  screenRequest: RequestScreen | undefined;
  /** INVITEs without a final response. */
  readonly invites = new Set<ServerInvite>();
  #ua: UaContext;
  #closing = false;

  constructor(ua: UaContext) {
    this.#ua = ua;
  }

  refuse(request: SipRequest, source: Hop): SipResponse | 'silence' | undefined {
    const refusal = this.#refusal(request, source);
    if (refusal === undefined || refusal === 'silence') return refusal;
    // RFC 3261 §8.2.7: a stateless UAS gives the same To tag to every retransmission of a request.
    return buildResponse(this.#ua, request, refusal.status, { ...refusal, toTag: statelessTag(request) });
  }

  request(transaction: ServerTransaction): void {
    try {
      this.#dispatch(transaction);
    } catch (error) {
      // The transaction must end, so the sender gets a response whatever the error is.
      const refusal = errorReply(this.#ua, error, 'could not handle a request');
      reply(this.#ua, transaction, refusal.status, refusal);
    }
  }

  #dispatch(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (isInDialog(request)) {
      const dialog = this.#ua.dialogs.find(request);
      if (dialog) dialog.receive(transaction);
      else reply(this.#ua, transaction, 481, NO_DIALOG);
      return;
    }
    if (checkRequire(this.#ua, transaction)) this.#outOfDialog(transaction);
  }

  ack(ack: SipRequest): void {
    this.#ua.dialogs.find(ack)?.receiveAck(ack);
  }

  /** Refuses the pending INVITEs, and every new request from now on. */
  close(): void {
    this.#closing = true;
    for (const invite of [...this.invites]) invite.reject(503, { why: CLOSING.why });
  }

  #refusal(request: SipRequest, source: Hop): Reply | 'silence' | undefined {
    const inDialog = isInDialog(request);
    if (inDialog && this.#ua.dialogs.find(request)) return undefined;
    try {
      const refusal = this.#closing ? CLOSING : this.screenRequest?.(request, source);
      return inDialog && refusal !== 'silence' ? NO_DIALOG : refusal;
    } catch (error) {
      return errorReply(this.#ua, error, 'could not screen a request');
    }
  }

  #outOfDialog(transaction: ServerTransaction): void {
    const { method } = transaction.request;
    if (transaction instanceof InviteServerTransaction) this.#invite(transaction);
    else if (method === 'OPTIONS') this.#options(transaction);
    else if (IN_DIALOG_ONLY.has(method)) reply(this.#ua, transaction, 481, NO_DIALOG);
    else if (this.onRequest) detach('sip.request', this.#handle(this.onRequest, transaction));
    else
      reply(this.#ua, transaction, 405, {
        headers: capabilityHeaders(),
        why: `${method} is not supported`,
      });
  }

  #invite(transaction: InviteServerTransaction): void {
    const refusal = this.#checkInvite(transaction.request);
    if (refusal) {
      reply(this.#ua, transaction, refusal.status, refusal);
      return;
    }
    const invite = new ServerInvite(this.#ua, transaction, () => this.invites.delete(invite));
    this.invites.add(invite);
    try {
      if (this.onInvite) this.onInvite(invite);
      else invite.reject(480, { why: 'This user agent takes no calls' });
    } catch (error) {
      const refusal = errorReply(this.#ua, error, 'could not handle an INVITE');
      invite.reject(refusal.status, refusal);
    }
  }

  #checkInvite(request: SipRequest): Reply | undefined {
    const { minSe, dialogs } = this.#ua;
    // RFC 3261 §8.2.2.2 also for an INVITE that is repeated after its transaction has ended: never a second call.
    if (dialogs.hasDialogOf(request)) return { status: 482, why: 'This INVITE has already created a call' };
    if (targetOf(request) === undefined) {
      const missing = !request.headers.has('Contact');
      return {
        status: 400,
        reason: missing ? 'Missing Contact' : 'Unusable Contact',
        why: 'An INVITE needs exactly one Contact with a SIP URI',
      };
    }
    const unsupported = unsupportedBody(request);
    if (unsupported) return unsupported;
    // The only protection against a call that is forwarded through us in a loop.
    if (maxForwardsOf(request) === 0) return { status: 483, why: 'Max-Forwards is 0' };
    if (negotiateInterval(request, this.#ua) !== 'too_small') return undefined;
    return {
      status: 422,
      headers: [['Min-SE', String(minSe)]],
      why: `The Session-Expires is below ${minSe}`,
    };
  }

  /** Answers as an INVITE to the same URI would be answered (RFC 3261 §11.2). */
  #options(transaction: ServerTransaction): void {
    const refusal = this.onOptions?.(transaction.request, transaction.source);
    const headers: [string, string][] = [...capabilityHeaders(), ['Accept', ACCEPT]];
    reply(this.#ua, transaction, refusal?.status ?? 200, { headers, ...refusal });
  }

  async #handle(handler: RequestHandler, transaction: ServerTransaction): Promise<void> {
    try {
      const { status, ...parts } = await handler(transaction.request, transaction.source);
      reply(this.#ua, transaction, status, parts);
    } catch (error) {
      const refusal = errorReply(this.#ua, error, 'could not answer a request');
      reply(this.#ua, transaction, refusal.status, refusal);
    }
  }
}
