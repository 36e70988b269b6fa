import type { Digit, Leg, LegEnd, RefusalReason, Sound, Tap, TapOptions } from '../calls/index.ts';
import { explain, Failure, type Log, type Signal } from '../kit/index.ts';
import type { Audio } from '../media/index.ts';
import type { Dialog, DialogEnd, IncomingInvite } from '../sip/index.ts';
import type { Negotiation } from './negotiation.ts';

/** What a refusal is on the wire: status, and the reason phrase where the standard one says too little. */
const REFUSALS: Record<RefusalReason, number> = {
  busy: 486,
  rejected: 603,
  not_found: 404,
  unavailable: 480,
  not_acceptable: 488,
  overloaded: 503,
};

/** RFC 3261 §20.33: seconds after which a caller may try again. */
export const RETRY_LATER = [['Retry-After', '5']] as const;

export interface SipLegParts {
  id: string;
  invite: IncomingInvite;
  audio: Audio;
  negotiation: Negotiation;
  log: Log;
}

/** A SIP dialog and its audio: the party that called us. */
export class SipLeg implements Leg {
  readonly id: string;
  readonly ended: Promise<LegEnd>;
  #invite: IncomingInvite;
  #audio: Audio;
  #negotiation: Negotiation;
  #log: Log;
  #dialog: Dialog | undefined;
  #over = new AbortController();
  #resolve!: (end: LegEnd) => void;
  #closing: Promise<void> | undefined;

  constructor({ id, invite, audio, negotiation, log }: SipLegParts) {
    this.id = id;
    this.#invite = invite;
    this.#audio = audio;
    this.#negotiation = negotiation;
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    void invite.canceled.then(() => this.#end({ by: 'caller', reason: 'canceled' }));
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get digits(): Signal<Digit> {
    return this.#audio.digits;
  }

  ring(): void {
    if (!this.#over.signal.aborted && !this.#dialog) this.#invite.progress(180);
  }

  async answer(): Promise<void> {
    if (this.#over.signal.aborted) throw new Failure('call_ended', 'The caller is no longer there.');
    const dialog = await this.#invite.accept(this.#negotiation.description);
    this.#dialog = dialog;
    dialog.onOffer = (offer) => this.#negotiation.reoffered(offer);
    dialog.onAnswer = (answer) => this.#negotiation.answered(answer);
    void dialog.ended.then((end) => this.#end(legEndOf(end)));
    this.#negotiation.connect();
  }

  refuse(reason: RefusalReason): void {
    if (this.#over.signal.aborted || this.#dialog) return;
    this.#invite.reject(REFUSALS[reason], undefined, reason === 'overloaded' ? RETRY_LATER : undefined);
    this.#end({ by: 'application', reason });
  }

  hangup(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  play(sounds: AsyncIterable<Sound>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    return this.#audio.play(sounds, signal);
  }

  tap(options: TapOptions): Promise<Tap> {
    if (this.#over.signal.aborted) throw new Failure('call_ended', 'The caller is no longer there.');
    return this.#audio.tap(options);
  }

  redact(on: boolean): void {
    this.#audio.redact(on);
  }

  async #close(): Promise<void> {
    if (!this.#over.signal.aborted) {
      if (this.#dialog) await this.#dialog.bye().catch((error) => this.#unheard(error));
      else this.#invite.reject(480);
      this.#end({ by: 'application', reason: 'normal' });
    }
    const report = await this.#audio.close();
    this.#log.debug({ ...report }, 'audio closed');
  }

  #unheard(error: unknown): void {
    this.#log.info({ error: explain(error) }, 'the BYE was not answered');
  }

  #end(end: LegEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(new Failure('call_ended', 'The call has ended.'));
    this.#resolve(end);
  }
}

function legEndOf(end: DialogEnd): LegEnd {
  if (end.by === 'remote') return { by: 'caller', reason: 'normal' };
  if (end.by === 'local') return { by: 'application', reason: 'normal' };
  return { by: 'system', reason: end.reason, ...(end.status ? { sipStatus: end.status } : {}) };
}
