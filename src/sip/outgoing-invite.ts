import { detach, explain, Signal, type Timer } from '../core/index.ts';
import { Authorization, type Login } from './authorization.ts';
import type { Core } from './core.ts';
import {
  type Dialog,
  DialogState,
  InviteAttempt,
  InviteDialog,
  learnInterval,
  ProvisionalAcks,
  readInterval,
  targetOf,
} from './dialog/index.ts';
import { InviteBuilder } from './invite-builder.ts';
import { reasonOf, type SipRequest, type SipResponse, toOf } from './message/index.ts';
import { type ExtraHeaders, sdpOf } from './reply.ts';
import type { Hop, Target } from './transport/index.ts';

/** A call to be made. */
export interface InviteOptions {
  /** The Request-URI. */
  target: string;
  /** Where to send it, when that is not what `target` or the first of `route` says: a URI, or a known hop. */
  destination?: string | Hop | undefined;
  /** Route fields to begin with, such as `<sip:proxy.example;lr>`. */
  route?: readonly string[] | undefined;
  /** A URI or name-addr; the `target` when left out. */
  to?: string | undefined;
  /** A URI or name-addr, without tag. */
  from: string;
  /** Our offer. */
  sdp: string;
  headers?: ExtraHeaders | undefined;
  /** Answers a 401 or 407, here and in the dialog. */
  credentials?: Login | undefined;
  /** How long it may ring, in ms; 3 minutes when left out. */
  timeoutMs?: number | undefined;
  /** Takes it back when the other side has said nothing at all, not even 100, in so many ms. */
  silenceMs?: number | undefined;
  /** Takes it back when aborted. */
  signal?: AbortSignal | undefined;
}

/** A response before the final one. */
export interface Provisional {
  status: number;
  reason: string;
  sdp: string | undefined;
  /** The early dialog, when the other side has made one. */
  dialog: Dialog | undefined;
}

/** What came of a call that we made. */
export type InviteResult =
  | { kind: 'accepted'; dialog: Dialog; answer: string; response: SipResponse }
  /** 300–699. 408 and 503 may be our own: nobody answered, no way to send. 487: taken back. */
  | { kind: 'refused'; status: number; reason: string; response: SipResponse | undefined };

/** A call on its way out. */
export interface OutgoingInvite {
  readonly callId: string;
  /** Has the other side said anything yet, even 100? */
  readonly heard: boolean;
  readonly provisional: Signal<Provisional>;
  /** Never rejects. */
  readonly result: Promise<InviteResult>;
  /** Takes it back; the result is 487 at once, and whatever still comes is ended behind the scenes. */
  cancel(): void;
}

const RING_MS = 180_000;
/** More other sides than this are not heeded: no proxy forks so far, but a liar might. */
const MAX_FORKS = 32;

interface Fork {
  dialog: InviteDialog;
  acks: ProvisionalAcks;
  /** The answer, once there is one. */
  answer: string | undefined;
  /** Its 2xx has come. */
  accepted: boolean;
}

/** RFC 3261 §13.2: the asking side of an INVITE, with all the forks that answer it. */
export class ClientInvite implements OutgoingInvite {
  readonly provisional = new Signal<Provisional>();
  readonly result: Promise<InviteResult>;
  #core: Core;
  #options: InviteOptions;
  #builder: InviteBuilder;
  #authorization: Authorization | undefined;
  #answered = new Set<string>();
  #attempt: InviteAttempt | undefined;
  #forks = new Map<string, Fork>();
  /** Where it is sent; known before anything is heard. */
  #peer!: Hop;
  #settle: ((result: InviteResult) => void) | undefined;
  #ringing: Timer;
  #silence: Timer | undefined;
  #heard = false;

  constructor(core: Core, options: InviteOptions) {
    this.#core = core;
    this.#options = options;
    this.#builder = new InviteBuilder(core, options);
    const { credentials } = options;
    this.#authorization = credentials && new Authorization(credentials, core.random);
    this.#ringing = core.clock.after(options.timeoutMs ?? RING_MS, () => {
      this.#takeBack(408, 'Nobody answered in time');
    });
    if (options.silenceMs !== undefined) {
      this.#silence = core.clock.after(options.silenceMs, () => {
        if (!this.heard) this.#takeBack(408, 'Nobody is there');
      });
    }
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted) this.cancel();
    else detach('sip.outgoing-invite', this.#send());
  }

  get callId(): string {
    return this.#builder.callId;
  }

  get heard(): boolean {
    return this.#heard || (this.#attempt?.heard ?? false);
  }

  cancel(): void {
    this.#takeBack(487, 'Request Terminated');
  }

  #takeBack(status: number, reason: string): void {
    if (!this.#settle) return;
    this.#refuse(status, reason, undefined);
    this.#attempt?.cancel();
  }

  async #send(): Promise<void> {
    try {
      const target = await this.#core.transport.locate(this.#builder.destination);
      if (this.#settle) this.#begin(target);
    } catch (error) {
      this.#refuse(503, explain(error), undefined);
    }
  }

  #begin(target: Target): void {
    this.#peer = target.hops[0]!;
    const invite = this.#builder.build(target.hops[0]!.transport);
    this.#authorization?.authorize(invite);
    this.#attempt = new InviteAttempt(this.#core, invite, undefined, {
      provisional: (response) => this.#progress(response, invite),
      success: (response) => this.#succeed(response, invite),
      refused: (response) => this.#refused(response),
    });
    detach('sip.outgoing-invite', this.#attempt.send(target));
  }

  #progress(response: SipResponse, invite: SipRequest): void {
    // Once it has an answer, or none is wanted, a dialog that is made would never be ended.
    if (!this.#settle || this.#isTooMany(response)) return;
    const fork = toOf(response).tag === undefined ? undefined : this.#fork(response, invite);
    if (fork && !fork.acks.take(response, invite)) return;
    const sdp = sdpOf(response);
    if (fork && sdp !== undefined) {
      // Where several responses have one, the newest tells where the sound is now.
      fork.answer = sdp;
      // RFC 3262 §5 wants a reliable one for that, but not everybody who sends an UPDATE next says so.
      fork.dialog.settled = true;
    }
    const { status, reason } = response;
    this.provisional.emit({ status, reason, sdp, dialog: fork?.dialog });
  }

  /** RFC 3261 §13.2.2.4: every 2xx is acknowledged; only the first makes a call. */
  #succeed(response: SipResponse, invite: SipRequest): void {
    if (this.#isTooMany(response)) return;
    const fork = this.#fork(response, invite);
    const { dialog } = fork;
    if (fork.accepted) {
      dialog.acknowledgeAgain(invite);
      return;
    }
    fork.accepted = true;
    dialog.state.confirm(response);
    dialog.confirm();
    dialog.modification.learn(response);
    dialog.acknowledge(invite);
    // Those that rang elsewhere are over, or will bring a 2xx of their own, which is ended then.
    for (const other of this.#forks.values()) if (other !== fork) this.#drop(other);
    const answer = sdpOf(response) ?? fork.answer;
    if (!this.#settle) detach('sip.outgoing-invite', dialog.bye());
    else if (answer === undefined) this.#abandon(fork, response, 'The 200 had no answer in it');
    // RFC 3261 §12.1.1: without it nothing can be asked of the other side.
    else if (targetOf(response) === undefined) this.#abandon(fork, response, 'The 200 had no usable Contact');
    else this.#accept(fork, answer, response);
  }

  #accept(fork: Fork, answer: string, response: SipResponse): void {
    const { dialog } = fork;
    // Unless the other side has changed the session since.
    dialog.localSdp ??= this.#options.sdp;
    dialog.modification.session.agreed(learnInterval(response, this.#core.minSe), 'uac');
    this.#finish({ kind: 'accepted', dialog, answer, response });
  }

  /** Ends a call whose 200 is of no use. */
  #abandon({ dialog }: Fork, response: SipResponse, reason: string): void {
    const { fault } = response;
    const why = fault === undefined ? reason : `${reason}: ${fault}`;
    detach('sip.outgoing-invite', dialog.bye([['Reason', reasonOf(488, why)]]));
    this.#finish({ kind: 'refused', status: 488, reason: why, response });
  }

  #refused(response: SipResponse): void {
    this.#heard ||= this.#attempt?.heard ?? false;
    for (const fork of this.#forks.values()) this.#drop(fork);
    if (this.#settle && this.#triesAgain(response)) {
      detach('sip.outgoing-invite', this.#send());
      return;
    }
    this.#refuse(response.status, response.reason, response);
  }

  #triesAgain(response: SipResponse): boolean {
    const { status } = response;
    if (status === 422) return this.#builder.raise(readInterval(response, 'Min-SE')?.seconds);
    if (status !== 401 && status !== 407) return false;
    return this.#authorization?.challenged(response, this.#answered) ?? false;
  }

  #refuse(status: number, reason: string, response: SipResponse | undefined): void {
    this.#finish({ kind: 'refused', status, reason, response });
  }

  #finish(result: InviteResult): void {
    if (!this.#settle) return;
    this.#settle(result);
    this.#settle = undefined;
    this.#ringing.cancel();
    this.#silence?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  #abort = (): void => this.cancel();

  #isTooMany(response: SipResponse): boolean {
    return this.#forks.size >= MAX_FORKS && !this.#forks.has(toOf(response).tag ?? '');
  }

  #fork(response: SipResponse, invite: SipRequest): Fork {
    const tag = toOf(response).tag ?? '';
    const known = this.#forks.get(tag);
    // One that was given up while it was early may take the call yet, and must be told that it is too late.
    if (known && (known.accepted || known.dialog.phase === 'early')) return known;
    const { destination } = this.#builder;
    const dialog = new InviteDialog(this.#core, {
      state: DialogState.ofClient(invite, response),
      contact: this.#builder.contact,
      known: typeof destination === 'string' ? undefined : destination,
      peer: this.#peer,
      authorization: this.#authorization,
      abandon: () => this.cancel(),
    });
    const fork: Fork = { dialog, acks: new ProvisionalAcks(dialog), answer: undefined, accepted: false };
    this.#forks.set(tag, fork);
    return fork;
  }

  #drop({ dialog }: Fork): void {
    if (dialog.phase === 'early') dialog.discard({ by: 'remote', reason: 'It did not take the call' });
  }
}
