import { detach } from '../core/index.ts';
import { ACCEPT, type Core } from './core.ts';
import { agreeInterval, targetOf } from './dialog/index.ts';
import { type IncomingInvite, ServerInvite } from './incoming-invite.ts';
import { maxForwardsOf, type SipRequest, type SipResponse, toOf } from './message/index.ts';
import { abilities, foreignBody, type Reply, refusalOf, reply, responseTo, statelessTag } from './reply.ts';
import { requireUnderstood } from './require.ts';
import {
  InviteServerTransaction,
  type ServerTransaction,
  type TransactionUser,
} from './transaction/index.ts';
import type { Hop } from './transport/index.ts';
import type { Gate, OutsideHook, UserAgent } from './user-agent.ts';

/** Methods that mean nothing outside of a dialog. */
const INSIDE_ONLY = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO', 'NOTIFY']);

const CLOSING: Reply = { status: 503, headers: [['Retry-After', '30']], why: 'The server is stopping' };
const NO_DIALOG: Reply = { status: 481, why: 'There is no such dialog here' };

/** Some phones repeat the To tag of the last 200 in a REGISTER, which belongs to no dialog (RFC 3261 §10.2). */
const isInside = (request: SipRequest): boolean =>
  request.method !== 'REGISTER' && toOf(request).tag !== undefined;

/** RFC 3261 §8.2: receives every new request, and finds who is to answer it. */
export class Reception implements TransactionUser {
  onInvite: ((invite: IncomingInvite) => void) | undefined;
  onRequest: OutsideHook | undefined;
  onOptions: UserAgent['onOptions'];
  gate: Gate | undefined;
  /** Those that wait for an answer. */
  readonly invites = new Set<ServerInvite>();
  #core: Core;
  #closing = false;

  constructor(core: Core) {
    this.#core = core;
  }

  refuse(request: SipRequest, source: Hop): SipResponse | 'silence' | undefined {
    const refusal = this.#refusal(request, source);
    if (refusal === undefined || refusal === 'silence') return refusal;
    // RFC 3261 §8.2.7: a stateless UAS gives the same To tag to every retransmission of a request.
    return responseTo(this.#core, request, refusal.status, { ...refusal, toTag: statelessTag(request) });
  }

  request(transaction: ServerTransaction): void {
    try {
      this.#receive(transaction);
    } catch (error) {
      // Whatever it was, its sender gets an answer, and its transaction an end.
      const refusal = refusalOf(this.#core, error, 'a request could not be handled');
      reply(this.#core, transaction, refusal.status, refusal);
    }
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (isInside(request)) {
      const dialog = this.#core.dialogs.find(request);
      if (dialog) dialog.receive(transaction);
      else reply(this.#core, transaction, 481, NO_DIALOG);
      return;
    }
    if (requireUnderstood(this.#core, transaction)) this.#outside(transaction);
  }

  ack(ack: SipRequest): void {
    this.#core.dialogs.find(ack)?.receiveAck(ack);
  }

  /** Refuses what waits, and everything new from now on. */
  close(): void {
    this.#closing = true;
    for (const invite of [...this.invites]) invite.reject(503, { why: CLOSING.why });
  }

  #refusal(request: SipRequest, source: Hop): Reply | 'silence' | undefined {
    const inside = isInside(request);
    if (inside && this.#core.dialogs.find(request)) return undefined;
    try {
      const refusal = this.#closing ? CLOSING : this.gate?.(request, source);
      return inside && refusal !== 'silence' ? NO_DIALOG : refusal;
    } catch (error) {
      return refusalOf(this.#core, error, 'a request could not be judged');
    }
  }

  #outside(transaction: ServerTransaction): void {
    const { method } = transaction.request;
    if (transaction instanceof InviteServerTransaction) this.#invite(transaction);
    else if (method === 'OPTIONS') this.#options(transaction);
    else if (INSIDE_ONLY.has(method)) reply(this.#core, transaction, 481, NO_DIALOG);
    else if (this.onRequest) detach('sip.request', this.#ask(this.onRequest, transaction));
    else
      reply(this.#core, transaction, 405, { headers: abilities(), why: `${method} is not understood here` });
  }

  #invite(transaction: InviteServerTransaction): void {
    const refusal = this.#unacceptable(transaction.request);
    if (refusal) {
      reply(this.#core, transaction, refusal.status, refusal);
      return;
    }
    const invite = new ServerInvite(this.#core, transaction, () => this.invites.delete(invite));
    this.invites.add(invite);
    try {
      if (this.onInvite) this.onInvite(invite);
      else invite.reject(480, { why: 'Nobody takes calls here' });
    } catch (error) {
      const refusal = refusalOf(this.#core, error, 'an INVITE could not be handled');
      invite.reject(refusal.status, refusal);
    }
  }

  #unacceptable(request: SipRequest): Reply | undefined {
    const { minSe, dialogs } = this.#core;
    // RFC 3261 §8.2.2.2, for who says it longer than a transaction lasts: never a second call.
    if (dialogs.hasMade(request)) return { status: 482, why: 'This INVITE has made a call already' };
    if (targetOf(request) === undefined) {
      const missing = !request.headers.has('Contact');
      return {
        status: 400,
        reason: missing ? 'Missing Contact' : 'Unusable Contact',
        why: 'An INVITE needs one Contact, and it must be a SIP URI',
      };
    }
    const foreign = foreignBody(request);
    if (foreign) return foreign;
    // Nothing here would stop a call that is sent round and round through us, but this.
    if (maxForwardsOf(request) === 0) return { status: 483, why: 'Max-Forwards is 0' };
    if (agreeInterval(request, this.#core) !== 'too_small') return undefined;
    return {
      status: 422,
      headers: [['Min-SE', String(minSe)]],
      why: `The Session-Expires is below ${minSe}`,
    };
  }

  /** RFC 3261 §11.2: a call to the number would be refused alike. */
  #options(transaction: ServerTransaction): void {
    const refusal = this.onOptions?.(transaction.request, transaction.source);
    const headers: [string, string][] = [...abilities(), ['Accept', ACCEPT]];
    reply(this.#core, transaction, refusal?.status ?? 200, { headers, ...refusal });
  }

  async #ask(hook: OutsideHook, transaction: ServerTransaction): Promise<void> {
    try {
      const { status, ...parts } = await hook(transaction.request, transaction.source);
      reply(this.#core, transaction, status, parts);
    } catch (error) {
      const refusal = refusalOf(this.#core, error, 'a request could not be answered');
      reply(this.#core, transaction, refusal.status, refusal);
    }
  }
}
