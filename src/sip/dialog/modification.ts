import { explain, Failure } from '../../core/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import {
  abilities,
  type ExtraHeaders,
  foreignBody,
  type Reply,
  reply,
  responseTo,
  sdpBody,
  sdpOf,
} from '../reply.ts';
import { InviteServerTransaction, type ServerTransaction } from '../transaction/index.ts';
import { hasUnusableContact } from './dialog-state.ts';
import type { InviteDialog } from './invite-dialog.ts';
import { Proposal, Refused } from './proposal.ts';
import { agreedFields, agreeInterval } from './session-interval.ts';
import { SessionTimer } from './session-timer.ts';

/** Whoever refuses an UPDATE with one of these may still take a re-INVITE, whatever its Allow says. */
const NOT_UNDERSTOOD = [405, 415, 420, 488, 501];

/** Changes of the session by re-INVITE and UPDATE, asked by either side, one at a time. */
export class Modification {
  readonly session: SessionTimer;
  #dialog: InviteDialog;
  #incoming: ServerTransaction | undefined;
  #proposal: Proposal;
  /** Has the other side said that it takes UPDATE? */
  #takesUpdate = false;

  constructor(dialog: InviteDialog) {
    this.#dialog = dialog;
    this.#proposal = new Proposal(dialog, () => this.#incoming !== undefined);
    this.session = new SessionTimer(
      dialog.core.clock,
      () => this.#refresh(),
      () => dialog.expire(),
    );
  }

  /** Learns from Allow what the other side takes. */
  learn(message: SipRequest | SipResponse): void {
    if (message.headers.has('Allow')) this.#takesUpdate = message.headers.all('Allow').includes('UPDATE');
  }

  reinvite(sdp: string): Promise<string> {
    return this.#proposal.reinvite(sdp);
  }

  /** Answers a re-INVITE or an UPDATE of the other side. */
  async receive(transaction: ServerTransaction): Promise<void> {
    const { core } = this.#dialog;
    const refusal = this.#refusal(transaction.request);
    if (refusal) return reply(core, transaction, refusal.status, refusal);
    this.#incoming = transaction;
    if (transaction instanceof InviteServerTransaction) transaction.canceled = () => this.#withdraw();
    try {
      const sdp = await this.#describe(transaction.request);
      if (this.#incoming !== transaction) return;
      this.#incoming = undefined;
      this.#accept(transaction, sdp);
    } catch (error) {
      if (this.#incoming !== transaction) return;
      this.#incoming = undefined;
      core.log.info({ reason: explain(error) }, 'a change of the session was refused');
      if (error instanceof Failure) reply(core, transaction, 488, { why: error.message });
      else reply(core, transaction, 500);
    }
  }

  /** The dialog has ended: what waits for an answer gets none. */
  close(): void {
    this.session.stop();
    this.#proposal.close();
    this.#withdraw();
  }

  /** The answer or the offer that goes into our response. */
  #describe(request: SipRequest): string | undefined | Promise<string> {
    const offer = sdpOf(request);
    const { onOffer, localSdp } = this.#dialog;
    if (offer === undefined && request.method === 'UPDATE') return undefined;
    if (onOffer) return onOffer(offer);
    if (offer === undefined && localSdp !== undefined) return localSdp;
    throw new Failure('not_acceptable', 'nobody here takes a change of this session');
  }

  #accept(transaction: ServerTransaction, sdp: string | undefined): void {
    const { request } = transaction;
    const dialog = this.#dialog;
    // RFC 3262 §3: a PRACK changes no target, and no session timer.
    if (request.method !== 'PRACK') dialog.refreshTarget(request);
    dialog.localSdp = sdp ?? dialog.localSdp;
    this.learn(request);
    const timer = request.method === 'PRACK' ? [] : this.#agree(request);
    const headers: ExtraHeaders = [['Contact', dialog.contact], ...abilities(), ...timer];
    const response = responseTo(dialog.core, request, 200, { headers, body: sdpBody(sdp) });
    if (!(transaction instanceof InviteServerTransaction)) transaction.respond(response);
    else dialog.succeed(transaction, response, sdpOf(request) === undefined);
  }

  #agree(request: SipRequest): [string, string][] {
    const interval = agreeInterval(request, this.#dialog.core);
    if (interval === 'too_small' || this.#dialog.phase !== 'confirmed') return [];
    this.session.agreed(interval, 'uas');
    return agreedFields(interval);
  }

  /** RFC 3261 §14.2, RFC 3311 §5.2: one change at a time. */
  #refusal(request: SipRequest): Reply | undefined {
    const { core, settled, state, awaitsAnswer, phase } = this.#dialog;
    const isInvite = request.method === 'INVITE';
    const offers = isInvite || sdpOf(request) !== undefined;
    const why = 'Another change of the session is under way';
    const later = { status: 500, headers: [['Retry-After', this.#soon()]], why } satisfies Reply;
    if (this.#incoming) return later;
    if (offers && this.#proposal.pending) return { status: 491, why };
    // The INVITE that made the dialog is under way until it is answered (RFC 3261 §14.2).
    const first = (isInvite && phase === 'early') || (offers && !settled);
    if (first && state.initiator === 'local') return { status: 491, why };
    // The response that a PRACK acknowledges is out: its offer takes the place of that in the INVITE.
    if (first && request.method !== 'PRACK') return later;
    if (offers && awaitsAnswer) return { status: 491, why };
    if (hasUnusableContact(request)) return { status: 400, why: 'The Contact is not one SIP address' };
    const foreign = foreignBody(request);
    if (foreign) return foreign;
    if (agreeInterval(request, core) !== 'too_small') return undefined;
    return {
      status: 422,
      headers: [['Min-SE', String(core.minSe)]],
      why: `The Session-Expires is below ${core.minSe}`,
    };
  }

  #soon(): string {
    return String(Math.floor(this.#dialog.core.random.float() * 11));
  }

  #withdraw(): void {
    const transaction = this.#incoming;
    this.#incoming = undefined;
    if (transaction) reply(this.#dialog.core, transaction, 487);
  }

  /** RFC 4028 §10: a refresh that is refused leaves the session as it is until it expires; until then it is tried again. */
  async #refresh(): Promise<void> {
    const { core } = this.#dialog;
    const { interval } = this.session;
    try {
      await this.#ask();
    } catch (error) {
      // Each agreement has an interval object of its own: another one means that the other side has refreshed meanwhile.
      const open = this.#dialog.phase === 'confirmed' && this.session.interval === interval;
      const again = open && this.session.retry(error instanceof Refused ? error.retryAfter : 0);
      core.log.warn({ reason: explain(error), again }, 'a session could not be refreshed');
    }
  }

  async #ask(): Promise<void> {
    const { localSdp } = this.#dialog;
    if (this.#takesUpdate || localSdp === undefined) {
      const response = await this.#proposal.update();
      if (response.status < 300) return;
      if (localSdp === undefined || !NOT_UNDERSTOOD.includes(response.status)) throw new Refused(response);
      this.#takesUpdate = false;
    }
    const answer = await this.reinvite(localSdp);
    this.#dialog.onAnswer?.(answer);
  }
}
