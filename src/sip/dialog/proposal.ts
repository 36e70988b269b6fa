import { detach, Failure, sleep } from '../../core/index.ts';
import { deltaSeconds, type SipRequest, type SipResponse } from '../message/index.ts';
import { abilities, type ExtraHeaders, sdpBody, sdpOf } from '../reply.ts';
import { giveUpAfter } from '../transaction/index.ts';
import { InviteAttempt } from './invite-attempt.ts';
import type { InviteDialog } from './invite-dialog.ts';
import { ProvisionalAcks } from './provisional-acks.ts';
import { learnInterval, readInterval } from './session-interval.ts';

const MAX_GLARES = 8;
/** Challenges and too short session timers together. */
const MAX_ATTEMPTS = 4;

/** Changes of the session that we ask for. */
export class Proposal {
  #dialog: InviteDialog;
  #otherSideAsks: () => boolean;
  #turn: Promise<unknown> = Promise.resolve();
  #pending = false;
  #waiting = new Set<AbortController>();

  constructor(dialog: InviteDialog, otherSideAsks: () => boolean) {
    this.#dialog = dialog;
    this.#otherSideAsks = otherSideAsks;
  }

  /** Is there an offer of ours without an answer? */
  get pending(): boolean {
    return this.#pending;
  }

  /** One after the other; tries again after a glare. */
  reinvite(sdp: string): Promise<string> {
    const answer = this.#turn.then(() => this.#reinvite(sdp));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** Refreshes the session without touching it (RFC 3311). @returns the other side's response, whatever it is. */
  async update(): Promise<SipResponse> {
    const { session } = this.#dialog.modification;
    const send = () => this.#dialog.request('UPDATE', this.#headers());
    let response = await send();
    if (this.#raises(response)) response = await send();
    if (response.status >= 300) return response;
    this.#dialog.refreshTarget(response);
    if (this.#dialog.phase === 'confirmed')
      session.agreed(learnInterval(response, this.#dialog.core.minSe), 'uac');
    return response;
  }

  close(): void {
    for (const each of this.#waiting) each.abort(ended());
  }

  async #reinvite(sdp: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      if (this.#dialog.phase !== 'confirmed') throw ended();
      // RFC 3261 §14.1: not while another INVITE is in progress, in either direction.
      const busy = this.#otherSideAsks() || !this.#dialog.acknowledged;
      const response = busy ? undefined : await this.#offer(sdp);
      if (response && response.status < 300) return this.#accepted(response, sdp);
      if (response && response.status !== 491) throw new Refused(response);
      if (attempt === MAX_GLARES) throw new Failure('not_acceptable', 'both sides keep changing the session');
      await this.#pause();
    }
  }

  #accepted(response: SipResponse, sdp: string): string {
    const { modification, phase } = this.#dialog;
    if (phase !== 'confirmed') throw ended();
    this.#dialog.refreshTarget(response);
    this.#dialog.localSdp = sdp;
    modification.learn(response);
    modification.session.agreed(learnInterval(response, this.#dialog.core.minSe), 'uac');
    const answer = sdpOf(response);
    if (answer === undefined) throw new Failure('not_acceptable', 'the 200 to our offer has no answer in it');
    return answer;
  }

  async #offer(sdp: string): Promise<SipResponse> {
    const answered = new Set<string>();
    this.#pending = true;
    try {
      for (let attempt = 1; ; attempt++) {
        const response = await this.#invite(sdp);
        const challenged = response.status === 401 || response.status === 407;
        const again = challenged && this.#dialog.authorization?.challenged(response, answered);
        if (attempt === MAX_ATTEMPTS || (!again && !this.#raises(response))) return response;
      }
    } finally {
      this.#pending = false;
    }
  }

  async #invite(sdp: string): Promise<SipResponse> {
    const dialog = this.#dialog;
    const invite = dialog.state.createRequest('INVITE');
    dialog.sign(invite, this.#headers(), sdpBody(sdp));
    dialog.authorization?.authorize(invite);
    const target = await dialog.locate();
    const response = await new Promise<SipResponse>((resolve) => {
      detach('sip.proposal', this.#attempt(invite, resolve).send(target));
    });
    dialog.checkAlive(response);
    return response;
  }

  #attempt(invite: SipRequest, resolve: (response: SipResponse) => void): InviteAttempt {
    const dialog = this.#dialog;
    const acks = new ProvisionalAcks(dialog);
    let acknowledged = false;
    return new InviteAttempt(dialog.core, invite, giveUpAfter(dialog.core.timers), {
      provisional: (response) => void acks.take(response, invite),
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
    const { contact, modification, core } = this.#dialog;
    const timer = modification.session.fields();
    if (timer.length > 0) timer.push(['Min-SE', String(core.minSe)]);
    return [['Contact', contact], ...abilities(), ...timer];
  }

  /** RFC 4028 §7.3 @returns has our session timer been raised to what a 422 asks for? */
  #raises(response: SipResponse): boolean {
    const { session } = this.#dialog.modification;
    const least = response.status === 422 ? readInterval(response, 'Min-SE')?.seconds : undefined;
    if (least === undefined || !session.interval || session.interval.seconds >= least) return false;
    session.raise(least);
    return true;
  }

  /** RFC 3261 §14.1: who made the Call-ID waits longer, so that not both try again at the same time. */
  async #pause(): Promise<void> {
    const { core, state } = this.#dialog;
    const ours = state.initiator === 'local';
    const units = ours ? 210 + core.random.float() * 190 : core.random.float() * 200;
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    try {
      await sleep(core.clock, Math.round(units) * 10, waiting.signal);
    } finally {
      this.#waiting.delete(waiting);
    }
  }
}

const ended = (): Failure => new Failure('call_ended', 'the call has ended');

/** The other side does not want the change. */
export class Refused extends Failure {
  /** RFC 3261 §20.33: the seconds before which it is not to be asked again. */
  readonly retryAfter: number;

  constructor({ status, reason, headers }: SipResponse) {
    super('not_acceptable', `the other side answered ${status} ${reason}`);
    this.retryAfter = deltaSeconds(headers.get('Retry-After')) ?? 0;
  }
}
