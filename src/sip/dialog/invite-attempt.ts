import { explain, type Timer } from '../../core/index.ts';
import type { Core } from '../core.ts';
import { localResponse } from '../exchange.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import { type ClientTransaction, giveUpAfter } from '../transaction/index.ts';
import type { Target } from '../transport/index.ts';

/** Who has sent the INVITE. */
export interface InviteUser {
  /** 101 to 199. */
  provisional(response: SipResponse, invite: SipRequest): void;
  /** Every 2xx: the first, its repetitions, and those of other forks. */
  success(response: SipResponse, invite: SipRequest): void;
  /** Once, instead of a 2xx; 408 and 503 may be our own. */
  refused(response: SipResponse, invite: SipRequest): void;
}

/** One INVITE transaction from the asking side, with the CANCEL that may take it back. */
export class InviteAttempt {
  #core: Core;
  #user: InviteUser;
  #invite: SipRequest;
  #transaction: ClientTransaction | undefined;
  #state: 'calling' | 'proceeding' | 'final' = 'calling';
  #canceled = false;
  #heard = false;
  #timer: Timer | undefined;

  /** @param limitMs takes it back when there is no final response by then; undefined: its user does. */
  constructor(core: Core, invite: SipRequest, limitMs: number | undefined, user: InviteUser) {
    this.#core = core;
    this.#invite = invite;
    this.#user = user;
    if (limitMs !== undefined) this.#timer = core.clock.after(limitMs, () => this.cancel());
  }

  /** Has the other side said anything yet, even 100? */
  get heard(): boolean {
    return this.#heard;
  }

  async send(target: Target): Promise<void> {
    const response = (response: SipResponse) => this.#receive(response);
    const failed = (cause: 'timeout' | 'transport_error') =>
      this.#refused(localResponse(this.#invite, cause));
    // When everything is closed, a CANCEL that nobody has answered yet must not hold up the process.
    const ended = () => this.#timer?.cancel();
    const unwanted = () => this.#canceled;
    try {
      this.#transaction = await this.#core.transactions.start(this.#invite, target, {
        response,
        failed,
        ended,
        unwanted,
      });
    } catch (error) {
      this.#refused(localResponse(this.#invite, 'transport_error', explain(error)));
    }
  }

  /** RFC 3261 §9.1: the CANCEL goes out when there has been a provisional response. A 2xx may cross it. */
  cancel(): void {
    if (this.#canceled || this.#state === 'final') return;
    this.#canceled = true;
    this.#timer?.cancel();
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  #receive(response: SipResponse): void {
    this.#heard = true;
    if (response.status >= 300) this.#refused(response);
    else if (response.status >= 200) {
      this.#settle();
      this.#user.success(response, this.#invite);
    } else this.#proceed(response);
  }

  #proceed(response: SipResponse): void {
    const first = this.#state === 'calling';
    this.#state = 'proceeding';
    if (first && this.#canceled) this.#sendCancel();
    if (response.status > 100) this.#user.provisional(response, this.#invite);
  }

  #sendCancel(): void {
    this.#core.transactions.cancel(this.#transaction!);
    // RFC 3261 §9.1: after 64 × T1 without a final response the INVITE counts as canceled.
    this.#timer = this.#core.clock.after(giveUpAfter(this.#core.timers), () => {
      this.#transaction!.terminate();
      this.#refused(localResponse(this.#invite, 'timeout'));
    });
  }

  #refused(response: SipResponse): void {
    if (this.#state === 'final') return;
    this.#settle();
    this.#user.refused(response, this.#invite);
  }

  #settle(): void {
    this.#state = 'final';
    this.#timer?.cancel();
  }
}
