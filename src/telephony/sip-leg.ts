import type { Leg, LegEnd, RefusalReason } from '../calls/index.ts';
import { detach, Failure, type Log } from '../core/index.ts';
import type { Sound } from '../media/index.ts';
import type { Dialog, DialogEnd } from '../sip/index.ts';
import { takeInfo } from './info-digits.ts';
import type { Negotiation } from './negotiation.ts';
import type { Opening } from './opening.ts';
import { referTo } from './refer.ts';

export interface SipLegParts {
  id: string;
  opening: Opening;
  sound: Sound;
  negotiation: Negotiation;
  log: Log;
}

/** Why the waits of a leg are aborted. One for all: creating it for each call costs 5 µs. */
const CALL_ENDED = new Failure('call_ended', 'The call has ended.');

/** A SIP dialog and its sound: a party that called, or that is called. */
export class SipLeg implements Leg {
  readonly id: string;
  readonly ended: Promise<LegEnd>;
  readonly sound: Sound;
  #opening: Opening;
  #negotiation: Negotiation;
  #log: Log;
  #answering: Promise<void> | undefined;
  #dialog: Dialog | undefined;
  #over = new AbortController();
  #resolve!: (end: LegEnd) => void;
  #closing: Promise<void> | undefined;

  constructor({ id, opening, sound, negotiation, log }: SipLegParts) {
    this.id = id;
    this.sound = sound;
    this.#opening = opening;
    this.#negotiation = negotiation;
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    detach(
      'telephony.sip-leg',
      opening.endedUnanswered.then((end) => this.#end(end)),
    );
    sound.lost.on((cause) => this.#lose(cause));
    sound.quiet.on(() => this.#timeOut());
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  ring(): void {
    if (!this.#over.signal.aborted && !this.#dialog) this.#opening.ring();
  }

  answer(): Promise<void> {
    this.#answering ??= this.#answer();
    return this.#answering;
  }

  refuse(reason: RefusalReason): void {
    if (this.#over.signal.aborted || this.#dialog) return;
    this.#opening.giveUp(reason);
    this.#end({ by: 'application', reason });
  }

  hangup(reason?: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async refer(target: string, signal: AbortSignal): Promise<void> {
    if (!this.#dialog) throw new Failure('transfer_failed', 'The far end is not connected.');
    const uri = target.startsWith('+') ? `tel:${target}` : target;
    await referTo(this.#dialog, uri, signal);
  }

  async #answer(): Promise<void> {
    const dialog = await this.#opening.answer();
    if (this.#over.signal.aborted) {
      // The answer has crossed the hangup.
      detach('telephony.sip-leg', dialog.bye());
      throw new Failure('call_ended', 'The call has ended.');
    }
    this.#dialog = dialog;
    dialog.onOffer = (offer) => this.#negotiation.answerOffer(offer);
    dialog.onInfo = (request) => takeInfo(request, (digit) => this.sound.signaled(digit));
    dialog.onAnswer = (answer) => this.#negotiation.takeAnswer(answer);
    detach(
      'telephony.sip-leg',
      dialog.ended.then((end) => this.#end(legEndOf(end))),
    );
  }

  async #close(reason: string | undefined): Promise<void> {
    if (!this.#over.signal.aborted) {
      this.#hangUp();
      this.#end(reason ? { by: 'system', reason } : { by: 'application', reason: 'normal' });
    }
    const report = await this.sound.close();
    this.#log.debug({ ...report }, 'audio closed');
  }

  /** Sends BYE, or rejects the INVITE. Does not wait: a far end that does not answer must not delay the end of the call. */
  #hangUp(): void {
    if (this.#dialog) detach('telephony.sip-leg', this.#dialog.bye());
    else this.#opening.giveUp('unavailable');
  }

  /** Ends the leg when its sound is lost: a call without audio is useless. */
  #lose(cause: string): void {
    if (this.#over.signal.aborted) return;
    this.#log.error({ cause }, 'the sound of a leg is lost');
    this.#hangUp();
    this.#end({ by: 'system', reason: 'media_lost' });
  }

  /** Ends the leg when nothing has arrived for long: such a far end will not send BYE. */
  #timeOut(): void {
    if (!this.#dialog || this.#over.signal.aborted) return;
    this.#hangUp();
    this.#end({ by: 'system', reason: 'media_timeout' });
  }

  #end(end: LegEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(CALL_ENDED);
    // Audio ends within 10 ms (`close` may wait so long), and does not wait for the rest of the call to be written.
    detach('telephony.sip-leg', this.sound.close());
    this.#resolve(end);
  }
}

function legEndOf(end: DialogEnd): LegEnd {
  if (end.by === 'remote') return { by: 'far_end', reason: 'normal' };
  if (end.by === 'local') return { by: 'application', reason: 'normal' };
  return {
    by: 'system',
    reason: end.code ?? 'no_response',
    ...(end.status ? { sipStatus: end.status } : {}),
  };
}
