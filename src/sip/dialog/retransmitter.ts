import type { Timer } from '../../core/index.ts';
import { cseqOf, type SipResponse } from '../message/index.ts';
import { type InviteServerTransaction, transactionTimeoutMs } from '../transaction/index.ts';
import type { UaContext } from '../ua-context.ts';

/**
 * Retransmits a response until it is acknowledged (RFC 3261 §13.3.1.4, RFC 3262 §3). The first interval is T1; each
 * next one is twice as long, up to `longestMs`. Gives up after 64 × T1. Also over TCP, because the next hop may use UDP.
 */
export class Retransmitter {
  #ua: UaContext;
  #interval: number;
  #longest: number;
  #retransmit: () => void;
  #timer: Timer;
  #timeout: Timer;

  constructor(ua: UaContext, parts: { retransmit: () => void; timedOut: () => void; longestMs: number }) {
    this.#ua = ua;
    this.#interval = ua.timers.t1;
    this.#longest = parts.longestMs;
    this.#retransmit = parts.retransmit;
    this.#timer = ua.clock.after(this.#interval, this.#next);
    this.#timeout = ua.clock.after(transactionTimeoutMs(ua.timers), () => {
      this.stop();
      parts.timedOut();
    });
  }

  stop(): void {
    this.#timer.cancel();
    this.#timeout.cancel();
  }

  #next = (): void => {
    this.#retransmit();
    this.#interval = Math.min(this.#interval * 2, this.#longest);
    this.#timer = this.#ua.clock.after(this.#interval, this.#next);
  };
}

/** Sends our 2xx to an INVITE and retransmits it until its ACK (RFC 3261 §13.3.1.4). */
export class OkRetransmitter {
  /** The CSeq number of the INVITE and its ACK. */
  readonly seq: number;
  /** Resolves when the ACK has arrived, or retransmission has stopped. */
  readonly done: Promise<void>;
  pending = true;
  #resolveDone!: () => void;
  #acknowledged: (sdp: string | undefined) => void;
  #retransmitter: Retransmitter;

  constructor(
    ua: UaContext,
    transaction: InviteServerTransaction,
    response: SipResponse,
    user: { acknowledged: (sdp: string | undefined) => void; timedOut: () => void },
  ) {
    this.seq = cseqOf(response).number;
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
    this.#acknowledged = user.acknowledged;
    transaction.respond(response);
    this.#retransmitter = new Retransmitter(ua, {
      longestMs: ua.timers.t2,
      retransmit: () => transaction.retransmit(),
      timedOut: () => {
        this.stop();
        user.timedOut();
      },
    });
  }

  /** The ACK has arrived. @param sdp the session description in it. */
  acknowledge(sdp: string | undefined): void {
    if (!this.pending) return;
    this.stop();
    this.#acknowledged(sdp);
  }

  stop(): void {
    this.pending = false;
    this.#retransmitter.stop();
    this.#resolveDone();
  }
}
