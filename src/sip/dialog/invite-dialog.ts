import { detach, explain, Failure } from '../../core/index.ts';
import type { Authorization } from '../authorization.ts';
import type { Core } from '../core.ts';
import { exchange } from '../exchange.ts';
import { cseqOf, reasonOf, type SipRequest, type SipResponse, toOf } from '../message/index.ts';
import { type Body, type ExtraHeaders, reply, sdpOf } from '../reply.ts';
import type { InviteServerTransaction, ServerTransaction } from '../transaction/index.ts';
import type { Target } from '../transport/index.ts';
import type { Dialog, DialogEnd, PendingBye, RequestHook } from './dialog.ts';
import type { DialogState } from './dialog-state.ts';
import { Modification } from './modification.ts';
import { answerInDialog } from './requests.ts';
import { Success } from './success.ts';
import { type Meeting, Whereabouts } from './whereabouts.ts';

/** What an `InviteDialog` is made of. */
export interface InviteDialogParts extends Meeting {
  state: DialogState;
  /** Our Contact in this dialog. */
  contact: string;
  authorization?: Authorization | undefined;
  /** Ends the INVITE when the user ends a dialog that is still early. */
  abandon: () => void;
}

/** A dialog that an INVITE has made, from its first provisional response to the end of its BYE. */
export class InviteDialog implements Dialog {
  readonly core: Core;
  readonly state: DialogState;
  readonly contact: string;
  readonly authorization: Authorization | undefined;
  readonly modification: Modification;
  readonly ended: Promise<DialogEnd>;
  phase: 'early' | 'confirmed' | 'terminated' = 'early';
  /** Has the first offer its answer? Only then may another be made. */
  settled = false;
  /** The session description that we sent last. */
  localSdp: string | undefined;
  onOffer: Dialog['onOffer'];
  onAnswer: Dialog['onAnswer'];
  onInfo: RequestHook | undefined;
  onRefer: RequestHook | undefined;
  onNotify: RequestHook | undefined;
  /** Takes PRACKs while the dialog is early. */
  onPrack: ((transaction: ServerTransaction) => void) | undefined;
  #whereabouts: Whereabouts;
  #abandon: () => void;
  #end!: (end: DialogEnd) => void;
  #success: Success | undefined;
  #offered = false;
  #ack: { seq: number; again: () => void } | undefined;
  #bye: Promise<void> | undefined;
  #byeReceived = false;

  constructor(core: Core, parts: InviteDialogParts) {
    this.core = core;
    this.state = parts.state;
    this.contact = parts.contact;
    this.authorization = parts.authorization;
    this.#whereabouts = new Whereabouts(parts.state, parts);
    this.#abandon = parts.abandon;
    this.modification = new Modification(this);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    core.dialogs.add(this);
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

  get pendingBye(): PendingBye {
    const { lasting: destination, peer } = this.#whereabouts;
    const account = this.authorization?.account;
    return { ...this.state.pendingBye, destination, peer, ...(account === undefined ? {} : { account }) };
  }

  /** Takes every request of the other side but ACK and CANCEL. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    // RFC 3261 §12.2.2
    if (!this.state.inOrder(request)) reply(this.core, transaction, 500, { reason: 'CSeq Out Of Order' });
    else if (request.method === 'BYE') this.#receiveBye(transaction);
    else if (this.phase === 'terminated') reply(this.core, transaction, 481, { why: 'The call has ended' });
    else answerInDialog(this, transaction);
  }

  receiveAck(ack: SipRequest): void {
    const { number } = cseqOf(ack);
    if (this.#success?.seq !== number) return;
    this.#success.acknowledged(sdpOf(ack));
  }

  /** Sends a 2xx to an INVITE, and repeats it until the ACK. @param offers the ACK brings the answer. */
  succeed(transaction: InviteServerTransaction, response: SipResponse, offers: boolean): void {
    // A new INVITE shows that the former 2xx has arrived, though its ACK has not.
    this.#success?.stop();
    this.#offered = offers;
    this.#success = new Success(this.core, transaction, response, {
      answered: (sdp) => {
        if (offers && this.phase !== 'terminated') this.#takeAnswer(sdp, transaction.request);
      },
      unanswered: () => this.#fail({ by: 'timeout', code: 'no_ack', reason: 'No ACK came for our 200' }),
    });
  }

  /**
   * RFC 3261 §13.3.1.4: the ACK of a 2xx with an offer brings the answer. Without one that can be used nothing would ever
   * be heard; where the ACK of a re-INVITE has none, the session goes on as it was.
   */
  #takeAnswer(sdp: string | undefined, invite: SipRequest): void {
    const isFirst = toOf(invite).tag === undefined;
    if (!this.onAnswer || (sdp === undefined && !isFirst)) return;
    try {
      if (sdp === undefined) throw new Failure('invalid_sdp', 'The ACK has no answer to our offer');
      this.onAnswer(sdp);
    } catch (error) {
      const reason = error instanceof Failure ? error.message : 'The answer could not be handled';
      if (error instanceof Failure) this.core.log.info({ remote: this.remote, reason }, 'answer not usable');
      else this.core.log.error({ error: explain(error) }, 'an answer could not be handled');
      const end: DialogEnd = { by: 'fault', code: 'no_usable_answer', reason };
      this.#fail(end, [['Reason', reasonOf(488, reason)]]);
    }
  }

  /** Has our last 2xx been acknowledged? */
  get acknowledged(): boolean {
    return this.#success?.pending !== true;
  }

  /** Has our last 2xx made an offer that is not answered? */
  get awaitsAnswer(): boolean {
    return this.#offered && !this.acknowledged;
  }

  /** Sends the ACK of a 2xx that came for our INVITE (RFC 3261 §13.2.2.4). */
  acknowledge(invite: SipRequest): void {
    const acknowledgement = { seq: cseqOf(invite).number, again: () => {} };
    this.#ack = acknowledgement;
    const ack = this.state.createRequest('ACK', acknowledgement.seq);
    // RFC 3261 §22.1: with the credentials of the INVITE.
    for (const name of ['Authorization', 'Proxy-Authorization']) {
      for (const value of invite.headers.all(name)) ack.headers.append(name, value);
    }
    this.locate()
      .then((target) => this.core.transactions.acknowledge(ack, target))
      .then((again) => {
        acknowledgement.again = again;
      })
      .catch((error) => this.core.log.warn({ reason: explain(error) }, 'an ACK could not be sent'));
  }

  /** Answers a repeated 2xx. */
  acknowledgeAgain(invite: SipRequest): void {
    if (this.#ack?.seq === cseqOf(invite).number) this.#ack.again();
  }

  /** Where the next request goes. */
  locate(): Promise<Target> {
    return this.#whereabouts.locate(this.core.transport);
  }

  /** Sends a request other than INVITE. Never rejects: 408 and 503 stand for no response. */
  async request(method: string, headers: ExtraHeaders = [], body?: Body): Promise<SipResponse> {
    const build = () => {
      const request = this.state.createRequest(method);
      this.sign(request, headers, body);
      return request;
    };
    const locate = () => this.locate();
    const response = await exchange(this.core, { build, locate, authorization: this.authorization });
    if (method !== 'BYE') this.checkAlive(response);
    return response;
  }

  /** Puts on a request what all requests have. */
  sign(request: SipRequest, headers: ExtraHeaders, body: Body | undefined): void {
    request.headers.append('User-Agent', this.core.userAgent);
    for (const [name, value] of headers) request.headers.append(name, value);
    if (!body) return;
    request.headers.set('Content-Type', body.contentType);
    request.body = Buffer.from(body.content);
  }

  /** RFC 3261 §12.2.1.2, RFC 5057: these two responses mean that the other side is gone. */
  checkAlive({ status }: SipResponse): void {
    if (status === 481) {
      this.terminate({ by: 'remote', reason: 'The other side does not know the call any more', status });
      this.core.dialogs.remove(this);
    }
    if (status === 408) {
      const reason = 'The other side does not respond';
      this.#fail({ by: 'timeout', code: 'no_response', reason, status });
    }
  }

  /** RFC 3261 §12.2: INVITE and UPDATE, and their 2xx, may say a new Contact. */
  refreshTarget(message: SipRequest | SipResponse): void {
    const { remoteTarget } = this.state;
    this.state.refreshTarget(message);
    if (this.state.remoteTarget !== remoteTarget && this.phase === 'confirmed')
      this.core.dialogs.moved.emit(this);
  }

  /** The INVITE was accepted, by us or by the other side. */
  confirm(): void {
    this.settled = true;
    if (this.phase !== 'early') return;
    this.phase = 'confirmed';
    this.core.dialogs.confirmed.emit(this);
  }

  /** Ends it without a BYE. It stays in the table, for what still comes. */
  terminate(end: DialogEnd): void {
    if (this.phase === 'terminated') return;
    const wasCall = this.phase === 'confirmed';
    this.phase = 'terminated';
    if (wasCall) this.core.dialogs.ended.emit(this);
    this.modification.close();
    this.#end(end);
  }

  /** Ends an early dialog whose INVITE was refused or taken back. */
  discard(end: DialogEnd): void {
    this.terminate(end);
    this.core.dialogs.remove(this);
  }

  reinvite(sdp: string): Promise<string> {
    return this.modification.reinvite(sdp);
  }

  bye(headers?: ExtraHeaders): Promise<void> {
    const end: DialogEnd = { by: 'local', reason: 'We hung up' };
    if (this.phase !== 'early') return this.#hangUp(end, headers);
    this.#abandon();
    this.discard(end);
    return Promise.resolve();
  }

  /** RFC 4028 §10: nobody has refreshed the session. */
  expire(): void {
    this.#fail({ by: 'timeout', code: 'session_expired', reason: 'The session timer has expired' });
  }

  /** Ends a call that cannot go on; nobody waits for the response to the BYE. */
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

  notify(event: string, subscriptionState: string, body?: Body): Promise<SipResponse> {
    const headers: [string, string][] = [
      ['Event', event],
      ['Subscription-State', subscriptionState],
      ['Contact', this.contact],
    ];
    return this.request('NOTIFY', headers, body);
  }

  #hangUp(end: DialogEnd, headers?: ExtraHeaders): Promise<void> {
    if (this.phase === 'terminated') return this.#bye ?? Promise.resolve();
    this.terminate(end);
    this.#bye = this.#sayBye(headers).finally(() => this.core.dialogs.remove(this));
    return this.#bye;
  }

  // RFC 3261 §15: the side that was called says BYE only after the ACK, or when it does not come.
  async #sayBye(headers: ExtraHeaders | undefined): Promise<void> {
    await this.#success?.done;
    if (this.#byeReceived) return;
    const { status } = await this.request('BYE', headers);
    if (status === 408) this.core.log.info({ remote: this.remote }, 'a BYE was not answered');
  }

  #receiveBye(transaction: ServerTransaction): void {
    this.#byeReceived = true;
    reply(this.core, transaction, 200);
    this.#success?.stop();
    const reason = transaction.request.headers.get('Reason');
    this.terminate({ by: 'remote', reason: reason ?? 'The other side hung up' });
    if (!this.#bye) this.core.dialogs.remove(this);
  }
}
