import { detach, Failure, sleep } from '../../core/index.ts';
import type { Authorization } from '../digest/index.ts';
import {
  type Body,
  deltaSeconds,
  type ExtraHeaders,
  type SipRequest,
  type SipResponse,
  sdpOf,
} from '../message/index.ts';
import { transactionTimeoutMs } from '../transaction/index.ts';
import type { Target } from '../transport/index.ts';
import { capabilityHeaders, sdpBody, type UaContext } from '../ua-context.ts';
import type { Dialog } from './dialog.ts';
import type { DialogState } from './dialog-state.ts';
import { InviteAttempt } from './invite-attempt.ts';
import { PrackClient } from './reliable-provisionals.ts';
import { acceptedInterval, readInterval, type SessionTimer } from './session-timer.ts';

const MAX_GLARES = 8;
/** Most INVITEs of one change, including those after challenges and 422. */
const MAX_ATTEMPTS = 4;

/** The part of a dialog that sends re-INVITE and UPDATE. */
export interface ReinviteDialog extends Pick<Dialog, 'phase'> {
  readonly ua: UaContext;
  readonly state: DialogState;
  readonly contact: string;
  readonly authorization: Authorization | undefined;
  /** Whether our last 2xx has been acknowledged. */
  readonly acknowledged: boolean;
  localSdp: string | undefined;
  locate(): Promise<Target>;
  complete(request: SipRequest, headers: ExtraHeaders, body: Body | undefined): void;
  request(method: string, headers?: ExtraHeaders): Promise<SipResponse>;
  refreshTarget(message: SipResponse): void;
  acknowledge(invite: SipRequest): void;
  acknowledgeAgain(invite: SipRequest): void;
  endIfGone(response: SipResponse): void;
}

/** The session state that a ReinviteClient shares with `SessionModification`. */
export interface ReinviteContext {
  readonly timer: SessionTimer;
  /** Whether a change by the peer is in progress. */
  isPeerChanging(): boolean;
  /** Called with each 2xx, whose Allow names the methods that the peer supports. */
  learnMethods(response: SipResponse): void;
}

/** Changes and refreshes the session by re-INVITE and UPDATE (RFC 3261 §14.1, RFC 3311). */
export class ReinviteClient {
  #dialog: ReinviteDialog;
  #context: ReinviteContext;
  #queue: Promise<unknown> = Promise.resolve();
  #pending = false;
  #pauses = new Set<AbortController>();

  constructor(dialog: ReinviteDialog, context: ReinviteContext) {
    this.#dialog = dialog;
    this.#context = context;
  }

  /** Whether an offer of ours has no answer yet. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Sends an offer after all earlier ones, and retries after a glare. @returns the answer. */
  reinvite(sdp: string): Promise<string> {
    const answer = this.#queue.then(() => this.#reinvite(sdp));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  /** Refreshes the session by UPDATE without offer (RFC 3311). @returns the final response, whatever it is. */
  async update(): Promise<SipResponse> {
    const send = () => this.#dialog.request('UPDATE', this.#headers());
    let response = await send();
    if (this.#raiseInterval(response)) response = await send();
    if (response.status >= 300) return response;
    this.#dialog.refreshTarget(response);
    if (this.#dialog.phase === 'confirmed') this.#restartTimer(response);
    return response;
  }

  close(): void {
    for (const pause of this.#pauses) pause.abort(callEnded());
  }

  async #reinvite(sdp: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      if (this.#dialog.phase !== 'confirmed') throw callEnded();
      // RFC 3261 §14.1: not while another INVITE is in progress, in either direction.
      const busy = this.#context.isPeerChanging() || !this.#dialog.acknowledged;
      const response = busy ? undefined : await this.#offer(sdp);
      if (response && response.status < 300) return this.#accepted(response, sdp);
      if (response && response.status !== 491) throw new ReinviteRefused(response);
      if (attempt === MAX_GLARES) throw new Failure('not_acceptable', 'both sides keep changing the session');
      await this.#pause();
    }
  }

  #accepted(response: SipResponse, sdp: string): string {
    if (this.#dialog.phase !== 'confirmed') throw callEnded();
    this.#dialog.refreshTarget(response);
    this.#dialog.localSdp = sdp;
    this.#context.learnMethods(response);
    this.#restartTimer(response);
    const answer = sdpOf(response);
    if (answer === undefined) throw new Failure('not_acceptable', 'the 200 to our offer has no answer');
    return answer;
  }

  #restartTimer(response: SipResponse): void {
    this.#context.timer.restart(acceptedInterval(response, this.#dialog.ua.minSe), 'uac');
  }

  async #offer(sdp: string): Promise<SipResponse> {
    const answeredRealms = new Set<string>();
    this.#pending = true;
    try {
      for (let attempt = 1; ; attempt++) {
        const response = await this.#invite(sdp);
        const isChallenge = response.status === 401 || response.status === 407;
        const again = isChallenge && this.#dialog.authorization?.acceptChallenge(response, answeredRealms);
        if (attempt === MAX_ATTEMPTS || (!again && !this.#raiseInterval(response))) return response;
      }
    } finally {
      this.#pending = false;
    }
  }

  async #invite(sdp: string): Promise<SipResponse> {
    const dialog = this.#dialog;
    const invite = dialog.state.createRequest('INVITE');
    dialog.complete(invite, this.#headers(), sdpBody(sdp));
    dialog.authorization?.authorize(invite);
    const target = await dialog.locate();
    const response = await new Promise<SipResponse>((resolve) => {
      detach('sip.reinvite-client', this.#attempt(invite, resolve).send(target));
    });
    dialog.endIfGone(response);
    return response;
  }

  #attempt(invite: SipRequest, resolve: (response: SipResponse) => void): InviteAttempt {
    const dialog = this.#dialog;
    const pracks = new PrackClient(dialog);
    let acknowledged = false;
    return new InviteAttempt(dialog.ua, invite, transactionTimeoutMs(dialog.ua.timers), {
      provisional: (response) => void pracks.accept(response, invite),
      success: (response) => {
        if (acknowledged) return dialog.acknowledgeAgain(invite);
        acknowledged = true;
        // RFC 3261 §12.2.1.2: the ACK goes to the Contact of the 2xx.
        dialog.refreshTarget(response);
        dialog.acknowledge(invite);
        resolve(response);
      },
      refused: resolve,
    });
  }

  #headers(): ExtraHeaders {
    const { contact, ua } = this.#dialog;
    const timer = this.#context.timer.headers();
    if (timer.length > 0) timer.push(['Min-SE', String(ua.minSe)]);
    return [['Contact', contact], ...capabilityHeaders(), ...timer];
  }

  /** Raises our session interval to the Min-SE of a 422 (RFC 4028 §7.3). @returns whether it was raised. */
  #raiseInterval(response: SipResponse): boolean {
    const { timer } = this.#context;
    const least = response.status === 422 ? readInterval(response, 'Min-SE')?.seconds : undefined;
    if (least === undefined || !timer.interval || timer.interval.seconds >= least) return false;
    timer.raise(least);
    return true;
  }

  /** Waits after a glare; the owner of the Call-ID waits longer, to avoid another one (RFC 3261 §14.1). */
  async #pause(): Promise<void> {
    const { ua, state } = this.#dialog;
    const ownsCallId = state.initiator === 'local';
    const units = ownsCallId ? 210 + ua.random.float() * 190 : ua.random.float() * 200;
    const pause = new AbortController();
    this.#pauses.add(pause);
    try {
      await sleep(ua.clock, Math.round(units) * 10, pause.signal);
    } finally {
      this.#pauses.delete(pause);
    }
  }
}

const callEnded = (): Failure => new Failure('call_ended', 'the call has ended');

/** The peer has refused the change. */
export class ReinviteRefused extends Failure {
  /** Seconds before another attempt is allowed (RFC 3261 §20.33). */
  readonly retryAfter: number;

  constructor({ status, reason, headers }: SipResponse) {
    super('not_acceptable', `the peer answered ${status} ${reason}`);
    this.retryAfter = deltaSeconds(headers.get('Retry-After')) ?? 0;
  }
}
