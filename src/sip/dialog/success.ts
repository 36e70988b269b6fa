import type { Core } from '../core.ts';
import { cseqOf, type SipResponse } from '../message/index.ts';
import type { InviteServerTransaction } from '../transaction/index.ts';
import { Unacknowledged } from './unacknowledged.ts';

/** A 2xx of ours to an INVITE, on its way until its ACK (RFC 3261 §13.3.1.4). */
export class Success {
  /** The CSeq of the INVITE, which its ACK has too. */
  readonly seq: number;
  /** Resolves when the ACK has come, or never will. */
  readonly done: Promise<void>;
  pending = true;
  #settle!: () => void;
  #answered: (sdp: string | undefined) => void;
  #repetition: Unacknowledged;

  constructor(
    core: Core,
    transaction: InviteServerTransaction,
    response: SipResponse,
    user: { answered: (sdp: string | undefined) => void; unanswered: () => void },
  ) {
    this.seq = cseqOf(response).number;
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#answered = user.answered;
    transaction.respond(response);
    this.#repetition = new Unacknowledged(core, {
      longest: core.timers.t2,
      repeat: () => transaction.repeat(),
      giveUp: () => {
        this.stop();
        user.unanswered();
      },
    });
  }

  acknowledged(sdp: string | undefined): void {
    if (!this.pending) return;
    this.stop();
    this.#answered(sdp);
  }

  stop(): void {
    this.pending = false;
    this.#repetition.stop();
    this.#settle();
  }
}
