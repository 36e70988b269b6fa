import { explain, Failure } from '../../core/index.ts';
import { type ExtraHeaders, type Reply, type SipRequest, type SipResponse, sdpOf } from '../message/index.ts';
import { InviteServerTransaction, type ServerTransaction } from '../transaction/index.ts';
import { buildResponse, capabilityHeaders, reply, sdpBody, unsupportedBody } from '../ua-context.ts';
import type { Dialog } from './dialog.ts';
import { ReinviteClient, type ReinviteDialog, ReinviteRefused } from './reinvite-client.ts';
import { hasUnusableContact } from './remote-target.ts';
import { intervalHeaders, negotiateInterval, SessionTimer } from './session-timer.ts';

/** Statuses that refuse an UPDATE, while a re-INVITE may still be accepted, whatever Allow lists. */
const UPDATE_UNSUPPORTED = [405, 415, 420, 488, 501];

/** The part of a dialog whose session is modified. */
export interface ModifiableDialog extends ReinviteDialog, Pick<Dialog, 'onOffer' | 'onAnswer'> {
  /** Whether the first offer has been answered. */
  readonly negotiated: boolean;
  /** Whether our last 2xx has an offer that is not answered yet. */
  readonly awaitsAnswer: boolean;
  sendOk(transaction: InviteServerTransaction, response: SipResponse, hasOffer: boolean): void;
  refreshTarget(message: SipRequest | SipResponse): void;
  /** Ends the call because the session was not refreshed. */
  expire(): void;
}

/** Modifies a session by re-INVITE and UPDATE of either side, one at a time (RFC 3261 §14, RFC 3311). */
export class SessionModification {
  readonly timer: SessionTimer;
  #dialog: ModifiableDialog;
  #incoming: ServerTransaction | undefined;
  #client: ReinviteClient;
  /** Whether the peer's Allow includes UPDATE. */
  #peerAllowsUpdate = false;

  constructor(dialog: ModifiableDialog) {
    this.#dialog = dialog;
    this.timer = new SessionTimer(
      dialog.ua.clock,
      () => this.#refresh(),
      () => dialog.expire(),
    );
    this.#client = new ReinviteClient(dialog, {
      timer: this.timer,
      isPeerChanging: () => this.#incoming !== undefined,
      learnMethods: (response) => this.learnMethods(response),
    });
  }

  /** Reads from Allow whether the peer supports UPDATE. */
  learnMethods(message: SipRequest | SipResponse): void {
    if (message.headers.has('Allow'))
      this.#peerAllowsUpdate = message.headers.all('Allow').includes('UPDATE');
  }

  reinvite(sdp: string): Promise<string> {
    return this.#client.reinvite(sdp);
  }

  /** Answers a re-INVITE or UPDATE of the peer, or a PRACK with an offer. */
  async receive(transaction: ServerTransaction): Promise<void> {
    const { ua } = this.#dialog;
    const refusal = this.#refusal(transaction.request);
    if (refusal) return reply(ua, transaction, refusal.status, refusal);
    this.#incoming = transaction;
    if (transaction instanceof InviteServerTransaction) transaction.canceled = () => this.#cancelIncoming();
    try {
      const sdp = await this.#describe(transaction.request);
      if (this.#incoming !== transaction) return;
      this.#incoming = undefined;
      this.#accept(transaction, sdp);
    } catch (error) {
      if (this.#incoming !== transaction) return;
      this.#incoming = undefined;
      ua.log.info({ reason: explain(error) }, 'refused a change of the session');
      if (error instanceof Failure) reply(ua, transaction, 488, { why: error.message });
      else reply(ua, transaction, 500);
    }
  }

  /** Refuses the pending changes, because the dialog has ended. */
  close(): void {
    this.timer.stop();
    this.#client.close();
    this.#cancelIncoming();
  }

  /** The answer or offer in our response. */
  #describe(request: SipRequest): string | undefined | Promise<string> {
    const offer = sdpOf(request);
    const { onOffer, localSdp } = this.#dialog;
    if (offer === undefined && request.method === 'UPDATE') return undefined;
    if (onOffer) return onOffer(offer);
    if (offer === undefined && localSdp !== undefined) return localSdp;
    throw new Failure('not_acceptable', 'this session cannot be changed');
  }

  #accept(transaction: ServerTransaction, sdp: string | undefined): void {
    const { request } = transaction;
    const dialog = this.#dialog;
    // RFC 3262 §3: a PRACK changes neither remote target nor session timer.
    if (request.method !== 'PRACK') dialog.refreshTarget(request);
    dialog.localSdp = sdp ?? dialog.localSdp;
    this.learnMethods(request);
    const timer = request.method === 'PRACK' ? [] : this.#negotiateTimer(request);
    const headers: ExtraHeaders = [['Contact', dialog.contact], ...capabilityHeaders(), ...timer];
    const response = buildResponse(dialog.ua, request, 200, { headers, body: sdpBody(sdp) });
    if (!(transaction instanceof InviteServerTransaction)) transaction.respond(response);
    else dialog.sendOk(transaction, response, sdpOf(request) === undefined);
  }

  #negotiateTimer(request: SipRequest): [string, string][] {
    const interval = negotiateInterval(request, this.#dialog.ua);
    if (interval === 'too_small' || this.#dialog.phase !== 'confirmed') return [];
    this.timer.restart(interval, 'uas');
    return intervalHeaders(interval);
  }

  /** One change at a time (RFC 3261 §14.2, RFC 3311 §5.2). */
  #refusal(request: SipRequest): Reply | undefined {
    const { ua, negotiated, state, awaitsAnswer, phase } = this.#dialog;
    const isInvite = request.method === 'INVITE';
    const hasOffer = isInvite || sdpOf(request) !== undefined;
    const why = 'Another change of the session is in progress';
    const later = { status: 500, headers: [['Retry-After', this.#retryAfter()]], why } satisfies Reply;
    if (this.#incoming) return later;
    if (hasOffer && this.#client.pending) return { status: 491, why };
    // RFC 3261 §14.2: the INVITE that created the dialog is in progress until its final response.
    const isFirstPending = (isInvite && phase === 'early') || (hasOffer && !negotiated);
    if (isFirstPending && state.initiator === 'local') return { status: 491, why };
    // The acknowledged response is already sent, so an offer in its PRACK replaces that of the INVITE.
    if (isFirstPending && request.method !== 'PRACK') return later;
    if (hasOffer && awaitsAnswer) return { status: 491, why };
    if (hasUnusableContact(request)) return { status: 400, why: 'The Contact is not one SIP address' };
    const unsupported = unsupportedBody(request);
    if (unsupported) return unsupported;
    if (negotiateInterval(request, ua) !== 'too_small') return undefined;
    return {
      status: 422,
      headers: [['Min-SE', String(ua.minSe)]],
      why: `The Session-Expires is below ${ua.minSe}`,
    };
  }

  #retryAfter(): string {
    return String(Math.floor(this.#dialog.ua.random.float() * 11));
  }

  #cancelIncoming(): void {
    const transaction = this.#incoming;
    this.#incoming = undefined;
    if (transaction) reply(this.#dialog.ua, transaction, 487);
  }

  /** Refreshes the session. A refused refresh leaves it unchanged until it expires, and is repeated (RFC 4028 §10). */
  async #refresh(): Promise<void> {
    const { ua } = this.#dialog;
    const { interval } = this.timer;
    try {
      await this.#sendRefresh();
    } catch (error) {
      // Each agreement has its own interval object: another one means that the peer has refreshed meanwhile.
      const unchanged = this.#dialog.phase === 'confirmed' && this.timer.interval === interval;
      const again = unchanged && this.timer.retry(error instanceof ReinviteRefused ? error.retryAfter : 0);
      ua.log.warn({ reason: explain(error), again }, 'could not refresh a session');
    }
  }

  async #sendRefresh(): Promise<void> {
    const { localSdp } = this.#dialog;
    if (this.#peerAllowsUpdate || localSdp === undefined) {
      const response = await this.#client.update();
      if (response.status < 300) return;
      if (localSdp === undefined || !UPDATE_UNSUPPORTED.includes(response.status))
        throw new ReinviteRefused(response);
      this.#peerAllowsUpdate = false;
    }
    const answer = await this.reinvite(localSdp);
    this.#dialog.onAnswer?.(answer);
  }
}
