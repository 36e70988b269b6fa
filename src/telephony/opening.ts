import type { LegEnd, RefusalReason } from '../calls/index.ts';
import type { Dialog, IncomingInvite } from '../sip/index.ts';
import type { Negotiation } from './negotiation.ts';

/** The part of a leg's life before its dialog is confirmed: the far end calls us, or we call it. */
export interface Opening {
  /** Lets a caller hear ringing. */
  ring(): void;
  /** Resolves when either side has answered the call and audio flows. Rejects when the call ends unanswered. */
  answer(): Promise<Dialog>;
  /** Ends the call unanswered. Does nothing once it is answered or over. */
  giveUp(reason: RefusalReason): void;
  /** Resolves when the call has ended unanswered, except by `giveUp`. Never rejects. */
  readonly endedUnanswered: Promise<LegEnd>;
}

const STATUSES: Record<RefusalReason, number> = {
  busy: 486,
  rejected: 603,
  not_found: 404,
  unavailable: 480,
  not_acceptable: 488,
  overloaded: 503,
};

/** RFC 3261 §20.33: seconds after which a caller may try again. */
export const RETRY_LATER = [['Retry-After', '5']] as const;

/** The opening of an inbound call: an INVITE that we answer or refuse. */
export class InboundOpening implements Opening {
  readonly endedUnanswered: Promise<LegEnd>;
  #invite: IncomingInvite;
  #negotiation: Negotiation;

  constructor(invite: IncomingInvite, negotiation: Negotiation) {
    this.#invite = invite;
    this.#negotiation = negotiation;
    this.endedUnanswered = invite.canceled.then(() => ({ by: 'far_end', reason: 'canceled' }));
  }

  ring(): void {
    const { offer, pending, requiresReliable } = this.#invite;
    if (!pending) return;
    this.#followChanges();
    // RFC 3262 §5: the first reliable response to an INVITE without an offer makes the offer.
    const sdp = offer === undefined && requiresReliable ? this.#negotiation.description : undefined;
    this.#invite.progress(180, { sdp });
  }

  async answer(): Promise<Dialog> {
    const dialog = await this.#invite.accept(this.#negotiation.description);
    this.#negotiation.connect();
    return dialog;
  }

  /** Before the answer, PRACK may answer our offer, and UPDATE may change the session (RFC 3311 §5.1). */
  #followChanges(): void {
    const { dialog } = this.#invite;
    dialog.onAnswer = (answer) => this.#negotiation.takeAnswer(answer);
    dialog.onOffer = (offer) => this.#negotiation.answerOffer(offer);
  }

  giveUp(reason: RefusalReason): void {
    const headers = reason === 'overloaded' ? RETRY_LATER : undefined;
    this.#invite.reject(STATUSES[reason], { headers, why: `The call was refused: ${reason}` });
  }
}
