import { detach, Failure } from '../core/index.ts';
import {
  type Dialog,
  DialogState,
  InviteDialog,
  intervalHeaders,
  negotiateInterval,
  ReliableProvisionals,
  targetOf,
} from './dialog/index.ts';
import {
  type ExtraHeaders,
  hasOption,
  isSips,
  parseUri,
  type RefusalParts,
  recordRoutesOf,
  type SipRequest,
  type SipResponse,
  sdpOf,
  topVia,
} from './message/index.ts';
import type { InviteServerTransaction, ServerTransaction } from './transaction/index.ts';
import type { Hop } from './transport/index.ts';
import { buildResponse, capabilityHeaders, contactOf, reply, sdpBody, type UaContext } from './ua-context.ts';

/** An incoming call. The transaction answers 100; `accept` or `reject` sends the final response. */
export interface IncomingInvite {
  readonly request: SipRequest;
  /** Source of the INVITE. */
  readonly source: Hop;
  /** The caller's session description; undefined if we have to make the offer. */
  readonly offer: string | undefined;
  /** Whether the caller requires reliable provisional responses (RFC 3262). */
  readonly requiresReliable: boolean;
  /** Resolves with the reason when the caller cancels or the call fails, after the final response. */
  readonly canceled: Promise<string>;
  /** The dialog, early until `accept`: hooks may be set before the final response is sent. */
  readonly dialog: Dialog;
  /** True until it has been accepted, rejected or canceled. */
  readonly pending: boolean;
  /**
   * Sends 180 or 183. Uses RFC 3262 if the caller requires it, or if it supports that and there is an `sdp` to
   * deliver. Does nothing if the INVITE is no longer pending.
   */
  progress(status: 180 | 183, parts?: { sdp?: string | undefined; headers?: ExtraHeaders }): void;
  /**
   * Sends the 200. Without an `offer` the `sdp` is our offer, and the ACK brings the answer to `dialog.onAnswer`.
   * @throws Failure `call_ended` if it is no longer pending.
   */
  accept(sdp: string, headers?: ExtraHeaders): Promise<Dialog>;
  /** Refuses the call; does nothing if it is no longer pending. @param status 300–699. */
  reject(status: number, parts?: RefusalParts): void;
}

/** The UAS side of an INVITE that creates a dialog (RFC 3261 §13.3). */
export class ServerInvite implements IncomingInvite {
  readonly offer: string | undefined;
  readonly canceled: Promise<string>;
  #ua: UaContext;
  #transaction: InviteServerTransaction;
  #dialog: InviteDialog | undefined;
  #reliable: ReliableProvisionals | undefined;
  #pending = true;
  #accepting = false;
  #resolveCanceled!: (reason: string) => void;
  #ended: () => void;

  /** @param ended called once, when the INVITE is no longer pending. */
  constructor(ua: UaContext, transaction: InviteServerTransaction, ended: () => void) {
    this.#ua = ua;
    this.#transaction = transaction;
    this.#ended = ended;
    this.offer = sdpOf(transaction.request);
    this.canceled = new Promise((resolve) => {
      this.#resolveCanceled = resolve;
    });
    transaction.canceled = () => this.#cancel(487, undefined, 'The caller hung up');
  }

  get request(): SipRequest {
    return this.#transaction.request;
  }

  get source(): Hop {
    return this.#transaction.source;
  }

  get dialog(): Dialog {
    return this.#openDialog();
  }

  get requiresReliable(): boolean {
    return hasOption(this.request, 'Require', '100rel');
  }

  get pending(): boolean {
    return this.#pending;
  }

  progress(status: 180 | 183, { sdp, headers = [] }: { sdp?: string; headers?: ExtraHeaders } = {}): void {
    if (!this.#pending || this.#accepting) return;
    const dialog = this.#openDialog();
    const response = this.#response(status, [['Contact', dialog.contact], ...headers], sdp);
    if (!this.#usesReliable(sdp !== undefined)) {
      this.#transaction.respond(response);
      return;
    }
    if (sdp !== undefined) dialog.localSdp = sdp;
    this.#reliable ??= this.#openReliable(dialog);
    this.#reliable.send(response);
  }

  async accept(sdp: string, headers: ExtraHeaders = []): Promise<Dialog> {
    if (!this.#pending || this.#accepting) throw callEnded();
    this.#accepting = true;
    // RFC 3262 §5: an answer in a provisional response must be acknowledged before the 200.
    if (this.#reliable) await this.#reliable.descriptionsAcknowledged();
    if (!this.#pending) throw callEnded();
    this.#finish();
    const dialog = this.#openDialog();
    const { request } = this;
    const negotiated = negotiateInterval(request, this.#ua);
    const interval = negotiated === 'too_small' ? undefined : negotiated;
    const contact: [string, string] = ['Contact', dialog.contact];
    const fields: ExtraHeaders = [contact, ...capabilityHeaders(), ...intervalHeaders(interval)];
    // An offer of ours that the PRACK has answered is not repeated in the 200.
    const hasOffer = this.offer === undefined && !dialog.negotiated;
    const body = this.offer === undefined && dialog.negotiated ? undefined : sdp;
    dialog.localSdp = body ?? dialog.localSdp;
    dialog.confirm();
    dialog.modification.timer.restart(interval, 'uas');
    dialog.sendOk(this.#transaction, this.#response(200, [...fields, ...headers], body), hasOffer);
    return dialog;
  }

  reject(status: number, { reason, headers, why }: RefusalParts = {}): void {
    if (!this.#pending) return;
    this.#finish();
    reply(this.#ua, this.#transaction, status, { reason, headers, why });
    this.#dialog?.discard({ by: 'local', reason: reason ?? 'We refused the call', status });
  }

  #cancel(status: number, reason: string | undefined, why: string): void {
    if (!this.#pending) return;
    this.#finish();
    reply(this.#ua, this.#transaction, status, { reason, why });
    this.#dialog?.discard({ by: 'remote', reason: why, status });
    this.#resolveCanceled(why);
  }

  #finish(): void {
    this.#pending = false;
    this.#reliable?.stop();
    this.#ended();
  }

  #response(status: number, headers: ExtraHeaders, sdp: string | undefined): SipResponse {
    const { toTag } = this.#transaction;
    return buildResponse(this.#ua, this.request, status, { headers, body: sdpBody(sdp), toTag });
  }

  #openDialog(): InviteDialog {
    this.#dialog ??= this.#newDialog();
    return this.#dialog;
  }

  #newDialog(): InviteDialog {
    const { request, source } = this;
    const { random, tokens } = this.#ua;
    const user = parseUri(request.uri).user;
    // RFC 3261 §12.1.1
    const secure = isSips(request.uri) || isSips(recordRoutesOf(request)[0]?.uri ?? targetOf(request));
    const tag = this.#transaction.toTag ?? tokens.tag();
    const state = DialogState.ofServer(request, tag, Math.floor(random.float() * 2 ** 16));
    const dialog = new InviteDialog(this.#ua, {
      state,
      contact: contactOf(this.#ua, source.transport, user, secure),
      returnHop: returnHopOf(request, source),
      peer: source,
      endInvite: () => this.reject(480),
    });
    dialog.modification.learnMethods(request);
    // RFC 3261 §15: the caller may also end an early dialog with BYE.
    detach(
      'sip.incoming-invite',
      dialog.ended.then(() => this.#cancel(487, undefined, 'The caller hung up')),
    );
    return dialog;
  }

  #usesReliable(hasSdp: boolean): boolean {
    if (this.requiresReliable) return true;
    const isUseful = hasSdp || this.#reliable !== undefined;
    return isUseful && hasOption(this.request, 'Supported', '100rel');
  }

  #openReliable(dialog: InviteDialog): ReliableProvisionals {
    const reliable = new ReliableProvisionals(this.#ua, this.#transaction, {
      acknowledged: (prack, response) =>
        detach('sip.incoming-invite', this.#acknowledged(dialog, prack, response)),
      timedOut: () => this.#cancel(504, 'No PRACK', 'The caller did not acknowledge a response'),
    });
    dialog.onPrack = (prack) => reliable.receive(prack);
    return reliable;
  }

  /** Answers a PRACK. Our description was the answer, or an offer that the PRACK answers (RFC 3262 §5). */
  async #acknowledged(dialog: InviteDialog, prack: ServerTransaction, response: SipResponse): Promise<void> {
    const sdp = sdpOf(prack.request);
    const isFirst = response.body.length > 0 && !dialog.negotiated;
    if (isFirst) dialog.negotiated = this.offer !== undefined || sdp !== undefined;
    if (isFirst && this.offer === undefined && sdp !== undefined) {
      reply(this.#ua, prack, 200);
      this.#receiveAnswer(dialog, sdp);
    } else if (sdp !== undefined) await dialog.modification.receive(prack);
    else reply(this.#ua, prack, 200);
  }

  #receiveAnswer(dialog: InviteDialog, sdp: string): void {
    try {
      dialog.onAnswer?.(sdp);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#ua.log.info({ reason: error.message }, 'received an unusable answer');
      this.#cancel(488, undefined, error.message);
    }
  }
}

const callEnded = (): Failure => new Failure('call_ended', 'the caller has hung up, or the call was refused');

/**
 * The hop of a caller with an unreachable Contact: behind NAT, or with an open connection.
 * Not used if a proxy has added a Record-Route.
 */
function returnHopOf(request: SipRequest, source: Hop): Hop | undefined {
  if (source.transport !== 'udp') return source;
  const target = targetOf(request);
  const sentBy = topVia(request).host;
  const isBehindNat = sentBy !== source.address && target && parseUri(target).host !== source.address;
  return isBehindNat && /^[\d.]+$|:/.test(sentBy) ? source : undefined;
}
