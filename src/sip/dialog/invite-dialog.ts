import { detach, explain, Failure } from '../../core/index.ts';
import type { Authorization } from '../digest/index.ts';
import {
  type Body,
  cseqOf,
  type ExtraHeaders,
  reasonOf,
  type SipRequest,
  type SipResponse,
  sdpOf,
  toOf,
} from '../message/index.ts';
import type { InviteServerTransaction, ServerTransaction } from '../transaction/index.ts';
import type { Target } from '../transport/index.ts';
import { reply, type UaContext } from '../ua-context.ts';
import { sendRequest } from '../uac-core.ts';
import type { Dialog, DialogEnd, ManagedDialog, PendingBye, RequestHook } from './dialog.ts';
import type { DialogState } from './dialog-state.ts';
import { answerInDialog } from './in-dialog-requests.ts';
import { type PeerHops, RemoteTarget } from './remote-target.ts';
import { OkRetransmitter } from './retransmitter.ts';
import { SessionModification } from './session-modification.ts';

/** Inputs of an `InviteDialog`. */
export interface InviteDialogParts extends PeerHops {
  state: DialogState;
  /** Our Contact in this dialog. */
  contact: string;
  authorization?: Authorization | undefined;
  /** Ends the INVITE when the application ends the dialog before it is confirmed. */
  endInvite: () => void;
}

/** A dialog created by INVITE, from its first provisional response to its BYE (RFC 3261 §12, §13, §15). */
export class InviteDialog implements ManagedDialog {
  readonly ua: UaContext;
  readonly state: DialogState;
  readonly contact: string;
  readonly authorization: Authorization | undefined;
  readonly modification: SessionModification;
  readonly ended: Promise<DialogEnd>;
  phase: 'early' | 'confirmed' | 'terminated' = 'early';
  /** Whether the first offer has been answered; only then another one is allowed. */
  negotiated = false;
  /** The session description that we sent last. */
  localSdp: string | undefined;
  onOffer: Dialog['onOffer'];
  onAnswer: Dialog['onAnswer'];
  onInfo: RequestHook | undefined;
  onNotify: RequestHook | undefined;
  /** Receives PRACK requests while the dialog is early. */
  onPrack: ((transaction: ServerTransaction) => void) | undefined;
  #remoteTarget: RemoteTarget;
  #endInvite: () => void;
  #resolveEnded!: (end: DialogEnd) => void;
  #ok: OkRetransmitter | undefined;
  #okHasOffer = false;
  #ack: { seq: number; retransmit: () => void } | undefined;
  #bye: Promise<void> | undefined;
  #byeReceived = false;

  constructor(ua: UaContext, parts: InviteDialogParts) {
    this.ua = ua;
    this.state = parts.state;
    this.contact = parts.contact;
    this.authorization = parts.authorization;
    this.#remoteTarget = new RemoteTarget(parts.state, parts);
    this.#endInvite = parts.endInvite;
    this.modification = new SessionModification(this);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    ua.dialogs.add(this);
  }

  get callId(): string {
    return this.state.callId;
  }

  get localTag(): string {
    return this.state.localTag;
  }

  get remoteTag(): string {
    return this.state.remoteTag;
  }

  get remote(): string {
    return this.state.remote;
  }

  get initiator(): 'local' | 'remote' {
    return this.state.initiator;
  }

  get pendingBye(): PendingBye {
    const { persistentDestination: destination, peer } = this.#remoteTarget;
    const account = this.authorization?.account;
    return { ...this.state.pendingBye, destination, peer, ...(account === undefined ? {} : { account }) };
  }

  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    // RFC 3261 §12.2.2
    if (!this.state.acceptSeq(request)) reply(this.ua, transaction, 500, { reason: 'CSeq Out Of Order' });
    else if (request.method === 'BYE') this.#receiveBye(transaction);
    else if (this.phase === 'terminated') reply(this.ua, transaction, 481, { why: 'The call has ended' });
    else answerInDialog(this, transaction);
  }

  receiveAck(ack: SipRequest): void {
    const { number } = cseqOf(ack);
    if (this.#ok?.seq !== number) return;
    this.#ok.acknowledge(sdpOf(ack));
  }

  /** Sends a 2xx to an INVITE, and retransmits it until the ACK. @param hasOffer the ACK brings the answer. */
  sendOk(transaction: InviteServerTransaction, response: SipResponse, hasOffer: boolean): void {
    // A new INVITE shows that the previous 2xx has arrived, although its ACK has not.
    this.#ok?.stop();
    this.#okHasOffer = hasOffer;
    this.#ok = new OkRetransmitter(this.ua, transaction, response, {
      acknowledged: (sdp) => {
        if (hasOffer && this.phase !== 'terminated') this.#receiveAnswer(sdp, transaction.request);
      },
      timedOut: () => this.#fail({ by: 'timeout', code: 'no_ack', reason: 'No ACK arrived for our 200' }),
    });
  }

  /**
   * Passes on the answer in the ACK of a 2xx with our offer (RFC 3261 §13.3.1.4). Without a usable answer there is no
   * audio, so the call ends. A re-INVITE whose ACK has no answer leaves the session unchanged.
   */
  #receiveAnswer(sdp: string | undefined, invite: SipRequest): void {
    const isFirst = toOf(invite).tag === undefined;
    if (!this.onAnswer || (sdp === undefined && !isFirst)) return;
    try {
      if (sdp === undefined) throw new Failure('invalid_sdp', 'The ACK has no answer to our offer');
      this.onAnswer(sdp);
    } catch (error) {
      const reason = error instanceof Failure ? error.message : 'The answer could not be handled';
      if (error instanceof Failure)
        this.ua.log.info({ remote: this.remote, reason }, 'received an unusable answer');
      else this.ua.log.error({ error: explain(error) }, 'could not handle an answer');
      const end: DialogEnd = { by: 'fault', code: 'no_usable_answer', reason };
      this.#fail(end, [['Reason', reasonOf(488, reason)]]);
    }
  }

  /** Whether our last 2xx has been acknowledged. */
  get acknowledged(): boolean {
    return this.#ok?.pending !== true;
  }

  /** Whether our last 2xx has an offer that is not answered yet. */
  get awaitsAnswer(): boolean {
    return this.#okHasOffer && !this.acknowledged;
  }

  /** Sends the ACK of a 2xx to our INVITE (RFC 3261 §13.2.2.4). */
  acknowledge(invite: SipRequest): void {
    const sent = { seq: cseqOf(invite).number, retransmit: () => {} };
    this.#ack = sent;
    const ack = this.state.createRequest('ACK', sent.seq);
    // RFC 3261 §22.1: with the credentials of the INVITE.
    for (const name of ['Authorization', 'Proxy-Authorization']) {
      for (const value of invite.headers.all(name)) ack.headers.append(name, value);
    }
    this.locate()
      .then((target) => this.ua.transactions.acknowledge(ack, target))
      .then((retransmit) => {
        sent.retransmit = retransmit;
      })
      .catch((error) => this.ua.log.warn({ reason: explain(error) }, 'could not send an ACK'));
  }

  /** Retransmits the ACK for a retransmitted 2xx. */
  acknowledgeAgain(invite: SipRequest): void {
    if (this.#ack?.seq === cseqOf(invite).number) this.#ack.retransmit();
  }

  /** Finds the hops of the next request. */
  locate(): Promise<Target> {
    return this.#remoteTarget.locate(this.ua.transport);
  }

  /** Sends a non-INVITE request. Never rejects: a timeout is a 408, a transport error a 503. */
  async request(method: string, headers: ExtraHeaders = [], body?: Body): Promise<SipResponse> {
    const build = () => {
      const request = this.state.createRequest(method);
      this.complete(request, headers, body);
      return request;
    };
    const locate = () => this.locate();
    const response = await sendRequest(this.ua, { build, locate, authorization: this.authorization });
    if (method !== 'BYE') this.endIfGone(response);
    return response;
  }

  /** Adds User-Agent, further header fields and the body to a request. */
  complete(request: SipRequest, headers: ExtraHeaders, body: Body | undefined): void {
    request.headers.append('User-Agent', this.ua.userAgent);
    for (const [name, value] of headers) request.headers.append(name, value);
    if (!body) return;
    request.headers.set('Content-Type', body.contentType);
    request.body = Buffer.from(body.content);
  }

  /** Ends the dialog for a response which shows that the peer has lost it (RFC 3261 §12.2.1.2, RFC 5057). */
  endIfGone({ status }: SipResponse): void {
    if (status === 481) {
      this.terminate({ by: 'remote', reason: 'The peer no longer has this call', status });
      this.ua.dialogs.remove(this);
    }
    if (status === 408) {
      const reason = 'The peer does not respond';
      this.#fail({ by: 'timeout', code: 'no_response', reason, status });
    }
  }

  /** Takes the Contact of an INVITE, an UPDATE or their 2xx as remote target (RFC 3261 §12.2). */
  refreshTarget(message: SipRequest | SipResponse): void {
    const { remoteTarget } = this.state;
    this.state.refreshTarget(message);
    if (this.state.remoteTarget !== remoteTarget && this.phase === 'confirmed')
      this.ua.dialogs.moved.emit(this);
  }

  /** Confirms the dialog, because the INVITE was accepted by either side. */
  confirm(): void {
    this.negotiated = true;
    if (this.phase !== 'early') return;
    this.phase = 'confirmed';
    this.ua.dialogs.confirmed.emit(this);
  }

  /** Ends the dialog without a BYE, and keeps it in the table for late messages. */
  terminate(end: DialogEnd): void {
    if (this.phase === 'terminated') return;
    const wasConfirmed = this.phase === 'confirmed';
    this.phase = 'terminated';
    if (wasConfirmed) this.ua.dialogs.ended.emit(this);
    this.modification.close();
    this.#resolveEnded(end);
  }

  discard(end: DialogEnd): void {
    this.terminate(end);
    this.ua.dialogs.remove(this);
  }

  reinvite(sdp: string): Promise<string> {
    return this.modification.reinvite(sdp);
  }

  bye(headers?: ExtraHeaders): Promise<void> {
    const end: DialogEnd = { by: 'local', reason: 'We hung up' };
    if (this.phase !== 'early') return this.#hangUp(end, headers);
    this.#endInvite();
    this.discard(end);
    return Promise.resolve();
  }

  /** Ends the call because the session was not refreshed (RFC 4028 §10). */
  expire(): void {
    this.#fail({ by: 'timeout', code: 'session_expired', reason: 'The session timer has expired' });
  }

  /** Ends a failed call without waiting for the response to the BYE. */
  #fail(end: DialogEnd, headers?: ExtraHeaders): void {
    detach('sip.invite-dialog', this.#hangUp(end, headers));
  }

  info(body: Body, headers?: ExtraHeaders): Promise<SipResponse> {
    return this.request('INFO', headers, body);
  }

  refer(target: string, headers: ExtraHeaders = []): Promise<SipResponse> {
    const referTo = target.includes('<') ? target : `<${target}>`;
    return this.request('REFER', [['Refer-To', referTo], ['Contact', this.contact], ...headers]);
  }

  #hangUp(end: DialogEnd, headers?: ExtraHeaders): Promise<void> {
    if (this.phase === 'terminated') return this.#bye ?? Promise.resolve();
    this.terminate(end);
    this.#bye = this.#sendBye(headers).finally(() => this.ua.dialogs.remove(this));
    return this.#bye;
  }

  // RFC 3261 §15: the callee sends BYE only after the ACK, or when it has timed out.
  async #sendBye(headers: ExtraHeaders | undefined): Promise<void> {
    await this.#ok?.done;
    if (this.#byeReceived) return;
    const { status } = await this.request('BYE', headers);
    if (status === 408) this.ua.log.info({ remote: this.remote }, 'a BYE was not answered');
  }

  #receiveBye(transaction: ServerTransaction): void {
    this.#byeReceived = true;
    reply(this.ua, transaction, 200);
    this.#ok?.stop();
    const reason = transaction.request.headers.get('Reason');
    this.terminate({ by: 'remote', reason: reason ?? 'The peer hung up' });
    if (!this.#bye) this.ua.dialogs.remove(this);
  }
}
