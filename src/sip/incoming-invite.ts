import { detach, Failure } from '../core/index.ts';
import type { Core } from './core.ts';
import {
  agreedFields,
  agreeInterval,
  type Dialog,
  DialogState,
  InviteDialog,
  ReliableProvisionals,
  targetOf,
} from './dialog/index.ts';
import { parseUri, recordRoutesOf, type SipRequest, type SipResponse, topVia } from './message/index.ts';
import {
  abilities,
  contactOf,
  type ExtraHeaders,
  hasOption,
  isSips,
  type RefusalParts,
  reply,
  responseTo,
  sdpBody,
  sdpOf,
} from './reply.ts';
import type { InviteServerTransaction, ServerTransaction } from './transaction/index.ts';
import type { Hop } from './transport/index.ts';

/** A call that comes in; it gets 100 by itself, and waits for `accept` or `reject`. */
export interface IncomingInvite {
  readonly request: SipRequest;
  /** Where it came from. */
  readonly source: Hop;
  /** The caller's session description; undefined when we are to make the offer. */
  readonly offer: string | undefined;
  /** The caller demands that we repeat each provisional response until it is acknowledged (RFC 3262). */
  readonly requiresReliable: boolean;
  /** Resolves when the caller takes it back, or it can go on no more; it was refused then, by us. */
  readonly canceled: Promise<string>;
  /** The dialog, early until it is accepted: hooks may be set on it before the answer goes out. */
  readonly dialog: Dialog;
  /** True until it has been accepted, rejected or canceled. */
  readonly pending: boolean;
  /**
   * Says 180 or 183, by PRACK if the caller requires it, or has support for it and there is an `sdp` to be
   * delivered (RFC 3262). Nothing happens when it is pending no more.
   */
  progress(status: 180 | 183, parts?: { sdp?: string | undefined; headers?: ExtraHeaders }): void;
  /**
   * Resolves when the 200 has been sent; without an `offer` the `sdp` is ours, and `dialog.onAnswer` is called
   * with what the ACK brings. @throws Failure `call_ended` when it is pending no more.
   */
  accept(sdp: string, headers?: ExtraHeaders): Promise<Dialog>;
  /** Refuses it; nothing happens when it is pending no more. @param status 300–699. */
  reject(status: number, parts?: RefusalParts): void;
}

/** RFC 3261 §13.3: the answering side of an INVITE. */
export class ServerInvite implements IncomingInvite {
  readonly offer: string | undefined;
  readonly canceled: Promise<string>;
  #core: Core;
  #transaction: InviteServerTransaction;
  #dialog: InviteDialog | undefined;
  #reliable: ReliableProvisionals | undefined;
  #pending = true;
  #accepting = false;
  #cancel!: (why: string) => void;
  #ended: () => void;

  /** @param ended called once, when it is pending no more. */
  constructor(core: Core, transaction: InviteServerTransaction, ended: () => void) {
    this.#core = core;
    this.#transaction = transaction;
    this.#ended = ended;
    this.offer = sdpOf(transaction.request);
    this.canceled = new Promise((resolve) => {
      this.#cancel = resolve;
    });
    transaction.canceled = () => this.#giveUp(487, undefined, 'The caller hung up');
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
    if (!this.#pending || this.#accepting) throw ended();
    this.#accepting = true;
    // RFC 3262 §5: an answer that is on its way must arrive before the 200.
    if (this.#reliable) await this.#reliable.descriptionsAcknowledged();
    if (!this.#pending) throw ended();
    this.#finish();
    const dialog = this.#openDialog();
    const { request } = this;
    const agreed = agreeInterval(request, this.#core);
    const interval = agreed === 'too_small' ? undefined : agreed;
    const fields: ExtraHeaders = [['Contact', dialog.contact], ...abilities(), ...agreedFields(interval)];
    // An offer of ours that the PRACK has answered is not made again.
    const offers = this.offer === undefined && !dialog.settled;
    const body = this.offer === undefined && dialog.settled ? undefined : sdp;
    dialog.localSdp = body ?? dialog.localSdp;
    dialog.confirm();
    dialog.modification.session.agreed(interval, 'uas');
    dialog.succeed(this.#transaction, this.#response(200, [...fields, ...headers], body), offers);
    return dialog;
  }

  reject(status: number, { reason, headers, why }: RefusalParts = {}): void {
    if (!this.#pending) return;
    this.#finish();
    reply(this.#core, this.#transaction, status, { reason, headers, why });
    this.#dialog?.discard({ by: 'local', reason: reason ?? 'We refused the call', status });
  }

  #giveUp(status: number, reason: string | undefined, why: string): void {
    if (!this.#pending) return;
    this.#finish();
    reply(this.#core, this.#transaction, status, { reason, why });
    this.#dialog?.discard({ by: 'remote', reason: why, status });
    this.#cancel(why);
  }

  #finish(): void {
    this.#pending = false;
    this.#reliable?.stop();
    this.#ended();
  }

  #response(status: number, headers: ExtraHeaders, sdp: string | undefined): SipResponse {
    const { toTag } = this.#transaction;
    return responseTo(this.#core, this.request, status, { headers, body: sdpBody(sdp), toTag });
  }

  #openDialog(): InviteDialog {
    this.#dialog ??= this.#newDialog();
    return this.#dialog;
  }

  #newDialog(): InviteDialog {
    const { request, source } = this;
    const { random, tokens } = this.#core;
    const user = parseUri(request.uri).user;
    // RFC 3261 §12.1.1
    const secured = isSips(request.uri) || isSips(recordRoutesOf(request)[0]?.uri ?? targetOf(request));
    const tag = this.#transaction.toTag ?? tokens.tag();
    const state = DialogState.ofServer(request, tag, Math.floor(random.float() * 2 ** 16));
    const dialog = new InviteDialog(this.#core, {
      state,
      contact: contactOf(this.#core, source.transport, user, secured),
      known: knownWay(request, source),
      peer: source,
      abandon: () => this.reject(480),
    });
    dialog.modification.learn(request);
    // The caller may end an early dialog with BYE too (RFC 3261 §15).
    detach(
      'sip.incoming-invite',
      dialog.ended.then(() => this.#giveUp(487, undefined, 'The caller hung up')),
    );
    return dialog;
  }

  #usesReliable(describes: boolean): boolean {
    if (this.requiresReliable) return true;
    const wanted = describes || this.#reliable !== undefined;
    return wanted && hasOption(this.request, 'Supported', '100rel');
  }

  #openReliable(dialog: InviteDialog): ReliableProvisionals {
    const reliable = new ReliableProvisionals(this.#core, this.#transaction, {
      acknowledged: (prack, response) =>
        detach('sip.incoming-invite', this.#acknowledged(dialog, prack, response)),
      unacknowledged: () => this.#giveUp(504, 'No PRACK', 'The caller did not acknowledge a response'),
    });
    dialog.onPrack = (prack) => reliable.receive(prack);
    return reliable;
  }

  /** RFC 3262 §5: what we described was an answer, or an offer whose answer is in the PRACK. */
  async #acknowledged(dialog: InviteDialog, prack: ServerTransaction, response: SipResponse): Promise<void> {
    const sdp = sdpOf(prack.request);
    const settledNow = response.body.length > 0 && !dialog.settled;
    if (settledNow) dialog.settled = this.offer !== undefined || sdp !== undefined;
    if (settledNow && this.offer === undefined && sdp !== undefined) {
      reply(this.#core, prack, 200);
      this.#takeAnswer(dialog, sdp);
    } else if (sdp !== undefined) await dialog.modification.receive(prack);
    else reply(this.#core, prack, 200);
  }

  #takeAnswer(dialog: InviteDialog, sdp: string): void {
    try {
      dialog.onAnswer?.(sdp);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#core.log.info({ reason: error.message }, 'answer not usable');
      this.#giveUp(488, undefined, error.message);
    }
  }
}

const ended = (): Failure => new Failure('call_ended', 'the caller has hung up, or the call was refused');

/**
 * The way back to a caller whose Contact cannot be reached: one behind NAT, or one that keeps a connection open.
 * Behind a proxy that has put itself on the route it is not used.
 */
function knownWay(request: SipRequest, source: Hop): Hop | undefined {
  if (source.transport !== 'udp') return source;
  const target = targetOf(request);
  const sender = topVia(request).host;
  const behindNat = sender !== source.address && target && parseUri(target).host !== source.address;
  return behindNat && /^[\d.]+$|:/.test(sender) ? source : undefined;
}
