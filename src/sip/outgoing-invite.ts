import { detach, explain, Signal, type Timer } from '../core/index.ts';
import {
  acceptedInterval,
  type Dialog,
  DialogState,
  InviteAttempt,
  InviteDialog,
  PrackClient,
  readInterval,
  targetOf,
} from './dialog/index.ts';
import { Authorization } from './digest/index.ts';
import { InviteBuilder, type InviteOptions } from './invite-builder.ts';
import { reasonOf, type SipRequest, type SipResponse, sdpOf, toOf } from './message/index.ts';
import type { Hop, Target } from './transport/index.ts';
import type { UaContext } from './ua-context.ts';

/** A provisional response. */
export interface Provisional {
  status: number;
  reason: string;
  sdp: string | undefined;
  /** The early dialog, if the response has created one. */
  dialog: Dialog | undefined;
}

/** The outcome of an outgoing call. */
export type InviteResult =
  | { kind: 'accepted'; dialog: Dialog; answer: string; response: SipResponse }
  /** 300–699. Local ones: 408 without response, 503 if unreachable, 487 after `cancel`. */
  | { kind: 'refused'; status: number; reason: string; response: SipResponse | undefined };

/** An outgoing call without a result yet. */
export interface OutgoingInvite {
  readonly callId: string;
  /** Whether the peer has sent any response, even 100. */
  readonly responded: boolean;
  readonly provisional: Signal<Provisional>;
  /** Never rejects. */
  readonly result: Promise<InviteResult>;
  /** Cancels the call. The result is 487 immediately; a 2xx that arrives later is acknowledged and ended. */
  cancel(): void;
}

const RINGING_TIMEOUT_MS = 180_000;
/** Most forks of one INVITE; further ones are ignored, to limit memory. */
const MAX_FORKS = 32;

interface Fork {
  dialog: InviteDialog;
  pracks: PrackClient;
  /** The newest answer in a provisional response. */
  answer: string | undefined;
  /** Whether its 2xx has arrived. */
  accepted: boolean;
}

/** The UAC side of an INVITE that creates a dialog, with all its forks (RFC 3261 §13.2). */
export class ClientInvite implements OutgoingInvite {
  readonly provisional = new Signal<Provisional>();
  readonly result: Promise<InviteResult>;
  #ua: UaContext;
  #options: InviteOptions;
  #builder: InviteBuilder;
  #authorization: Authorization | undefined;
  #answeredRealms = new Set<string>();
  #attempt: InviteAttempt | undefined;
  #forks = new Map<string, Fork>();
  /** Destination of the INVITE; set before any response arrives. */
  #peer!: Hop;
  /** Undefined once there is a result. */
  #resolve: ((result: InviteResult) => void) | undefined;
  #ringingTimer: Timer;
  #firstResponseTimer: Timer | undefined;
  #responded = false;

  constructor(ua: UaContext, options: InviteOptions) {
    this.#ua = ua;
    this.#options = options;
    this.#builder = new InviteBuilder(ua, options);
    const { credentials } = options;
    this.#authorization = credentials && new Authorization(credentials, ua.random);
    this.#ringingTimer = ua.clock.after(options.timeoutMs ?? RINGING_TIMEOUT_MS, () => {
      this.#cancel(408, 'No answer in time');
    });
    if (options.firstResponseTimeoutMs !== undefined) {
      this.#firstResponseTimer = ua.clock.after(options.firstResponseTimeoutMs, () => {
        if (!this.responded) this.#cancel(408, 'No response');
      });
    }
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted) this.cancel();
    else detach('sip.outgoing-invite', this.#send());
  }

  get callId(): string {
    return this.#builder.callId;
  }

  get responded(): boolean {
    return this.#responded || (this.#attempt?.responded ?? false);
  }

  cancel(): void {
    this.#cancel(487, 'Request Terminated');
  }

  #cancel(status: number, reason: string): void {
    if (!this.#resolve) return;
    this.#refuse(status, reason, undefined);
    this.#attempt?.cancel();
  }

  async #send(): Promise<void> {
    try {
      const target = await this.#ua.transport.locate(this.#builder.destination);
      if (this.#resolve) this.#startAttempt(target);
    } catch (error) {
      this.#refuse(503, explain(error), undefined);
    }
  }

  #startAttempt(target: Target): void {
    this.#peer = target.hops[0]!;
    const invite = this.#builder.build(target.hops[0]!.transport);
    this.#authorization?.authorize(invite);
    this.#attempt = new InviteAttempt(this.#ua, invite, undefined, {
      provisional: (response) => this.#progress(response, invite),
      success: (response) => this.#succeed(response, invite),
      refused: (response) => this.#refused(response),
    });
    detach('sip.outgoing-invite', this.#attempt.send(target));
  }

  #progress(response: SipResponse, invite: SipRequest): void {
    // After the result, a new early dialog would never be ended.
    if (!this.#resolve || this.#exceedsForks(response)) return;
    const fork = toOf(response).tag === undefined ? undefined : this.#fork(response, invite);
    if (fork && !fork.pracks.accept(response, invite)) return;
    const sdp = sdpOf(response);
    if (fork && sdp !== undefined) {
      // The newest description has the current media address.
      fork.answer = sdp;
      // RFC 3262 §5 requires a reliable response for an answer, but some peers that send UPDATE next do not use one.
      fork.dialog.negotiated = true;
    }
    const { status, reason } = response;
    this.provisional.emit({ status, reason, sdp, dialog: fork?.dialog });
  }

  /** Acknowledges every 2xx; only the first one creates the call (RFC 3261 §13.2.2.4). */
  #succeed(response: SipResponse, invite: SipRequest): void {
    if (this.#exceedsForks(response)) return;
    const fork = this.#fork(response, invite);
    const { dialog } = fork;
    if (fork.accepted) {
      dialog.acknowledgeAgain(invite);
      return;
    }
    fork.accepted = true;
    dialog.state.confirm(response);
    dialog.confirm();
    dialog.modification.learnMethods(response);
    dialog.acknowledge(invite);
    // Another fork may still send a 2xx, which is then ended with BYE.
    for (const other of this.#forks.values()) if (other !== fork) this.#drop(other);
    const answer = sdpOf(response) ?? fork.answer;
    if (!this.#resolve) detach('sip.outgoing-invite', dialog.bye());
    else if (answer === undefined) this.#abandon(fork, response, 'The 200 had no answer in it');
    // RFC 3261 §12.1.1: without a Contact no request can be sent to the peer.
    else if (targetOf(response) === undefined) this.#abandon(fork, response, 'The 200 had no usable Contact');
    else this.#accept(fork, answer, response);
  }

  #accept(fork: Fork, answer: string, response: SipResponse): void {
    const { dialog } = fork;
    // Set already if the peer has modified the early session.
    dialog.localSdp ??= this.#options.sdp;
    dialog.modification.timer.restart(acceptedInterval(response, this.#ua.minSe), 'uac');
    this.#finish({ kind: 'accepted', dialog, answer, response });
  }

  /** Ends a call whose 200 is unusable. */
  #abandon({ dialog }: Fork, response: SipResponse, reason: string): void {
    const { fault } = response;
    const why = fault === undefined ? reason : `${reason}: ${fault}`;
    detach('sip.outgoing-invite', dialog.bye([['Reason', reasonOf(488, why)]]));
    this.#finish({ kind: 'refused', status: 488, reason: why, response });
  }

  #refused(response: SipResponse): void {
    this.#responded ||= this.#attempt?.responded ?? false;
    for (const fork of this.#forks.values()) this.#drop(fork);
    if (this.#resolve && this.#shouldRetry(response)) {
      detach('sip.outgoing-invite', this.#send());
      return;
    }
    this.#refuse(response.status, response.reason, response);
  }

  #shouldRetry(response: SipResponse): boolean {
    const { status } = response;
    if (status === 422) return this.#builder.raiseInterval(readInterval(response, 'Min-SE')?.seconds);
    if (status !== 401 && status !== 407) return false;
    return this.#authorization?.acceptChallenge(response, this.#answeredRealms) ?? false;
  }

  #refuse(status: number, reason: string, response: SipResponse | undefined): void {
    this.#finish({ kind: 'refused', status, reason, response });
  }

  #finish(result: InviteResult): void {
    if (!this.#resolve) return;
    this.#resolve(result);
    this.#resolve = undefined;
    this.#ringingTimer.cancel();
    this.#firstResponseTimer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  #abort = (): void => this.cancel();

  #exceedsForks(response: SipResponse): boolean {
    return this.#forks.size >= MAX_FORKS && !this.#forks.has(toOf(response).tag ?? '');
  }

  #fork(response: SipResponse, invite: SipRequest): Fork {
    const tag = toOf(response).tag ?? '';
    const known = this.#forks.get(tag);
    // A fork whose early dialog was dropped may still send a 2xx: it needs a new dialog for ACK and BYE.
    if (known && (known.accepted || known.dialog.phase === 'early')) return known;
    const { destination } = this.#builder;
    const dialog = new InviteDialog(this.#ua, {
      state: DialogState.ofClient(invite, response),
      contact: this.#builder.contact,
      returnHop: typeof destination === 'string' ? undefined : destination,
      peer: this.#peer,
      authorization: this.#authorization,
      endInvite: () => this.cancel(),
    });
    const fork: Fork = { dialog, pracks: new PrackClient(dialog), answer: undefined, accepted: false };
    this.#forks.set(tag, fork);
    return fork;
  }

  #drop({ dialog }: Fork): void {
    if (dialog.phase === 'early') dialog.discard({ by: 'remote', reason: 'The fork did not take the call' });
  }
}
