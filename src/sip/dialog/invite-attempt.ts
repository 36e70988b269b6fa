import { explain, type Timer } from '../../core/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import { type ClientTransaction, transactionTimeoutMs } from '../transaction/index.ts';
import type { Target } from '../transport/index.ts';
import type { UaContext } from '../ua-context.ts';
import { localResponse } from '../uac-core.ts';

/** Receives the responses to an INVITE. */
export interface InviteUser {
  /** Receives 101 to 199. */
  provisional(response: SipResponse, invite: SipRequest): void;
  /** Receives every 2xx: the first, its retransmissions, and those of other forks. */
  success(response: SipResponse, invite: SipRequest): void;
  /** Called once instead of `success`; 408 and 503 may be local. */
  refused(response: SipResponse, invite: SipRequest): void;
}

/** One INVITE client transaction with its CANCEL (RFC 3261 §9.1). */
export class InviteAttempt {
  #ua: UaContext;
  #user: InviteUser;
  #invite: SipRequest;
  #transaction: ClientTransaction | undefined;
  #state: 'calling' | 'proceeding' | 'final' = 'calling';
  #canceled = false;
  #responded = false;
  #timer: Timer | undefined;

  /** @param timeoutMs cancels the INVITE without a final response in this time; undefined: its user does. */
  constructor(ua: UaContext, invite: SipRequest, timeoutMs: number | undefined, user: InviteUser) {
    this.#ua = ua;
    this.#invite = invite;
    this.#user = user;
    if (timeoutMs !== undefined) this.#timer = ua.clock.after(timeoutMs, () => this.cancel());
  }

  /** Whether the peer has sent any response, even 100. */
  get responded(): boolean {
    return this.#responded;
  }

  async send(target: Target): Promise<void> {
    const response = (response: SipResponse) => this.#receive(response);
    const failed = (cause: 'timeout' | 'transport_error') =>
      this.#refused(localResponse(this.#invite, cause));
    // After the user agent has closed, an unanswered CANCEL must not keep the process alive.
    const ended = () => this.#timer?.cancel();
    const isCanceled = () => this.#canceled;
    try {
      this.#transaction = await this.#ua.transactions.start(this.#invite, target, {
        response,
        failed,
        ended,
        isCanceled,
      });
    } catch (error) {
      this.#refused(localResponse(this.#invite, 'transport_error', explain(error)));
    }
  }

  /** Cancels the INVITE, after its first provisional response (RFC 3261 §9.1). A 2xx may cross the CANCEL. */
  cancel(): void {
    if (this.#canceled || this.#state === 'final') return;
    this.#canceled = true;
    this.#timer?.cancel();
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  #receive(response: SipResponse): void {
    this.#responded = true;
    if (response.status >= 300) this.#refused(response);
    else if (response.status >= 200) {
      this.#finish();
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
    this.#ua.transactions.cancel(this.#transaction!);
    // RFC 3261 §9.1: without a final response within 64 × T1 the INVITE counts as canceled.
    this.#timer = this.#ua.clock.after(transactionTimeoutMs(this.#ua.timers), () => {
      this.#transaction!.terminate();
      this.#refused(localResponse(this.#invite, 'timeout'));
    });
  }

  #refused(response: SipResponse): void {
    if (this.#state === 'final') return;
    this.#finish();
    this.#user.refused(response, this.#invite);
  }

  #finish(): void {
    this.#state = 'final';
    this.#timer?.cancel();
  }
}
