import type { LegEnd } from '../calls/index.ts';
import { type Clock, detach, explain, Failure, type Log, Signal } from '../core/index.ts';
import {
  type Dialog,
  type Hop,
  type InviteResult,
  type OutgoingInvite,
  type Provisional,
  parseUri,
  reasonOf,
  type UserAgent,
} from '../sip/index.ts';
import type { Agreed, Negotiation } from './negotiation.ts';
import type { Opening } from './opening.ts';
import { failureOf, type Refusal, refusalOf, triesNext } from './outcome.ts';
import { redirected } from './redirect.ts';
import type { Way } from './way.ts';

/** What is dialled, and for how long. */
export interface DiallingParts {
  /** In the order to try them; those that stand together ring at the same time. */
  ways: readonly (readonly Way[])[];
  /** Whose call it is. */
  customerId: string;
  negotiation: Negotiation;
  timeoutMs: number;
  /** Takes the call back when aborted. */
  signal: AbortSignal;
  /** Nothing is sent before this resolves. */
  after?: Promise<void> | undefined;
  userAgent: Pick<UserAgent, 'invite'>;
  /** The places behind a way, in the order to try them. Rejects with why there is none. */
  locate(way: Way): Promise<(string | Hop)[]>;
  clock: Clock;
  log: Log;
}

/** RFC 3261 §16.7 lets a proxy follow redirections; a loop of them must end. */
const MAX_REDIRECTIONS = 5;
/** A way on which nobody says a word is left this soon when there is another one. */
const SILENCE_MS = 5000;

/** A call that we place: tries one way after the other until somebody answers, or refuses. */
export class Dialling implements Opening {
  readonly over: Promise<LegEnd>;
  /** Each is told at most once. */
  readonly progress = new Signal<'ringing' | 'early_media'>();
  #parts: DiallingParts;
  #told = new Set<'ringing' | 'early_media'>();
  /** Ends what rings: the call is taken back, or has been answered elsewhere. */
  #taken = new AbortController();
  #answered = false;
  /** What early dialogs have agreed on by changes of the far end. */
  #changed = new Map<Dialog, Agreed>();
  #deadline: number;
  #dialog: Promise<Dialog>;

  constructor(parts: DiallingParts) {
    this.#parts = parts;
    this.#deadline = parts.clock.monotonic() + parts.timeoutMs;
    this.#dialog = this.#dial();
    this.over = new Promise((resolve) => {
      this.#dialog.catch((failure: unknown) => resolve(endOf(failure)));
    });
  }

  ring(): void {}

  answer(): Promise<Dialog> {
    return this.#dialog;
  }

  giveUp(): void {
    this.#taken.abort();
  }

  async #dial(): Promise<Dialog> {
    await this.#parts.after;
    const rounds = [...this.#parts.ways];
    let refusal = refusalOf(503, NOT_REGISTERED, false);
    let redirections = 0;
    for (let ways = rounds.shift(); ways; ways = rounds.shift()) {
      const outcome = await this.#ring(ways, rounds.length > 0);
      if ('dialog' in outcome) return outcome.dialog;
      refusal = outcome.refusal;
      const { response, way } = outcome;
      if (response && refusal.status < 400 && redirections++ < MAX_REDIRECTIONS) {
        rounds.unshift(...redirected(way, response, this.#parts.customerId).map((next) => [next]));
      } else if (!triesNext(refusal)) break;
    }
    throw failureOf(refusal);
  }

  /** RFC 3261 §16.7: rings all of them; the first who answers has the call, and one may refuse it for all. */
  async #ring(ways: readonly Way[], others: boolean): Promise<Outcome> {
    const outcomes = await Promise.all(
      ways.map(async (way) => {
        const outcome = await this.#try(way, others);
        if ('dialog' in outcome) return outcome;
        const { status, phrase } = outcome.refusal;
        this.#parts.log.info({ way: way.name, status, phrase }, 'not answered');
        if (status >= 600) this.#taken.abort();
        return outcome;
      }),
    );
    const answered = outcomes.find((outcome) => 'dialog' in outcome);
    return answered ?? mostTelling(outcomes.filter((outcome) => 'refusal' in outcome));
  }

  /** @param others are there ways left after this one? */
  async #try(way: Way, others: boolean): Promise<Outcome> {
    let places: (string | Hop)[];
    try {
      places = await this.#parts.locate(way);
    } catch (error) {
      return { way, refusal: refusalOf(503, explain(error), false) };
    }
    let outcome: Outcome = { way, refusal: refusalOf(503, 'There is no address', false) };
    for (const [index, place] of places.entries()) {
      outcome = await this.#invite(way, place, others || index < places.length - 1);
      if ('dialog' in outcome || !triesNext(outcome.refusal)) return outcome;
    }
    return outcome;
  }

  async #invite(way: Way, destination: string | Hop, others: boolean): Promise<Outcome> {
    const { userAgent, negotiation, signal, clock } = this.#parts;
    const left = this.#deadline - clock.monotonic();
    if (signal.aborted || this.#taken.signal.aborted) return { way, refusal: TAKEN_BACK };
    if (left <= 0) return { way, refusal: refusalOf(408, 'Nobody answered in time', true) };
    const { target, to, from, route, headers, credentials } = way;
    const sdp = negotiation.offered(way.srtp ?? false);
    const invite = userAgent.invite({
      ...{ target, to, from, route, headers, credentials, destination, sdp },
      timeoutMs: left,
      firstResponseTimeoutMs: others ? SILENCE_MS : undefined,
      signal: AbortSignal.any([signal, this.#taken.signal]),
    });
    const attempt = { way, invite, sdp, peer: addressOf(destination) };
    invite.provisional.on((provisional) => this.#progress(provisional, attempt));
    return this.#judge(attempt, await invite.result);
  }

  #judge(attempt: Attempt, result: InviteResult): Outcome {
    const { way, invite } = attempt;
    if (result.kind === 'refused') {
      const { status, reason, response } = result;
      return { way, refusal: refusalOf(status, reason, invite.responded), response };
    }
    const refusal = this.#answered ? TAKEN_BACK : this.#accept(result, attempt);
    if (refusal) {
      const { status, phrase } = refusal;
      detach('lines.dialling', result.dialog.bye([['Reason', reasonOf(status, phrase)]]));
      return { way, refusal };
    }
    this.#answered = true;
    this.#taken.abort();
    return { dialog: result.dialog };
  }

  /** Why nothing can be heard; undefined: all is well. */
  #accept({ dialog, answer }: { dialog: Dialog; answer: string }, attempt: Attempt): Refusal | undefined {
    const changed = this.#changed.get(dialog);
    if (!changed) return this.#unheard(answer, attempt);
    // RFC 6337 §3.1: the answer in the 2xx is the one that was changed since.
    this.#parts.negotiation.resume(changed);
    return undefined;
  }

  #unheard(answer: string, { peer, sdp }: Attempt): Refusal | undefined {
    try {
      this.#parts.negotiation.answered(answer, peer, sdp);
      return undefined;
    } catch (error) {
      return refusalOf(488, explain(error), true);
    }
  }

  #progress({ status, sdp, dialog }: Provisional, attempt: Attempt): void {
    if (status === 180) this.#tell('ringing');
    if (dialog) this.#followChanges(dialog, attempt);
    if (sdp === undefined || this.#answered || (dialog && this.#changed.has(dialog))) return;
    const unheard = this.#unheard(sdp, attempt);
    if (!unheard) this.#tell('early_media');
    else this.#parts.log.info({ error: unheard.phrase }, 'early media cannot be heard');
  }

  /** RFC 3311 §5.1: the far end may change the session before it takes the call. */
  #followChanges(dialog: Dialog, { peer }: Attempt): void {
    const { negotiation } = this.#parts;
    dialog.onOffer ??= (offer) => {
      if (this.#answered) throw new Failure('call_ended', 'The call was answered elsewhere.');
      const answer = negotiation.reoffered(offer, peer);
      this.#changed.set(dialog, negotiation.agreed);
      return answer;
    };
  }

  #tell(what: 'ringing' | 'early_media'): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.progress.emit(what);
  }
}

/** An INVITE on its way. */
interface Attempt {
  way: Way;
  invite: OutgoingInvite;
  /** The offer in it. */
  sdp: string;
  /** The address that it was sent to. */
  peer: string | undefined;
}

/** The address that a place is at, where it is known. */
function addressOf(place: string | Hop): string | undefined {
  return typeof place === 'string' ? parseUri(place).params.get('maddr') : place.address;
}

interface Refused {
  way: Way;
  refusal: Refusal;
  response?: Extract<InviteResult, { kind: 'refused' }>['response'];
}

type Outcome = { dialog: Dialog } | Refused;

/** Of several refusals the one that says most about the person who was called. */
const TELLING = ['rejected', 'busy', 'no_answer', 'unreachable', 'canceled'];

const mostTelling = (all: Refused[]): Refused =>
  all.reduce((best, each) =>
    TELLING.indexOf(each.refusal.reason) < TELLING.indexOf(best.refusal.reason) ? each : best,
  );

/** Only a SIP URI of this server has no way: it names a phone of the customer, and nothing else. */
const NOT_REGISTERED = 'no phone of this customer is registered here under that name';

const TAKEN_BACK = refusalOf(487, 'Taken back', true);

function endOf(failure: unknown): LegEnd {
  if (!(failure instanceof Failure)) return { by: 'system', reason: 'internal_error' };
  const { code: reason, message, cause } = failure;
  if (reason === 'canceled') return { by: 'application', reason };
  const { sipStatus } = cause as { sipStatus: number };
  return { by: 'system', reason, message, sipStatus };
}
