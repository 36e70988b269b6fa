import type { LegEnd } from '../calls/index.ts';
import { type Clock, explain, Failure, type Log, Signal } from '../kit/index.ts';
import type { Dialog, Hop, InviteResult, OutgoingInvite, Provisional, UserAgent } from '../sip/index.ts';
import type { Negotiation } from './negotiation.ts';
import type { Opening } from './opening.ts';
import { failureOf, type Refusal, refusalOf, triesNext } from './outcome.ts';
import { redirected } from './redirect.ts';
import type { Way } from './way.ts';

/** What is dialled, and for how long. */
export interface DiallingParts {
  /** In the order to try them; at least one. */
  ways: readonly Way[];
  negotiation: Negotiation;
  timeoutMs: number;
  /** Takes the call back when aborted. */
  signal: AbortSignal;
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
  #taken = new AbortController();
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
    const ways = [...this.#parts.ways];
    let refusal = refusalOf(503, 'There is no way', false);
    let redirections = 0;
    for (let way = ways.shift(); way; way = ways.shift()) {
      const outcome = await this.#try(way, ways.length > 0);
      if ('dialog' in outcome) return outcome.dialog;
      refusal = outcome.refusal;
      this.#parts.log.info({ way: way.name, status: refusal.status, phrase: refusal.phrase }, 'not answered');
      const { response } = outcome;
      if (response && refusal.status < 400 && redirections++ < MAX_REDIRECTIONS) {
        ways.unshift(...redirected(way, response));
      } else if (!triesNext(refusal)) break;
    }
    throw failureOf(refusal);
  }

  /** @param others are there ways left after this one? */
  async #try(way: Way, others: boolean): Promise<Outcome> {
    let places: (string | Hop)[];
    try {
      places = await this.#parts.locate(way);
    } catch (error) {
      return { refusal: refusalOf(503, explain(error), false) };
    }
    let outcome: Outcome = { refusal: refusalOf(503, 'There is no address', false) };
    for (const [index, place] of places.entries()) {
      outcome = await this.#invite(way, place, others || index < places.length - 1);
      if ('dialog' in outcome || !triesNext(outcome.refusal)) return outcome;
    }
    return outcome;
  }

  async #invite(way: Way, destination: string | Hop, others: boolean): Promise<Outcome> {
    const { userAgent, negotiation, signal, clock } = this.#parts;
    const left = this.#deadline - clock.monotonic();
    if (signal.aborted || this.#taken.signal.aborted) return { refusal: TAKEN_BACK };
    if (left <= 0) return { refusal: refusalOf(408, 'Nobody answered in time', true) };
    const { target, to, from, route, headers, credentials } = way;
    const invite = userAgent.invite({
      ...{ target, to, from, route, headers, credentials, destination },
      sdp: negotiation.offered(way.srtp ?? false),
      timeoutMs: left,
      silenceMs: others ? SILENCE_MS : undefined,
      signal: AbortSignal.any([signal, this.#taken.signal]),
    });
    invite.provisional.on((provisional) => this.#progress(provisional));
    return this.#judge(invite, await invite.result);
  }

  #judge(invite: OutgoingInvite, result: InviteResult): Outcome {
    if (result.kind === 'refused') {
      const { status, reason, response } = result;
      return { refusal: refusalOf(status, reason, invite.heard), response };
    }
    try {
      this.#parts.negotiation.answered(result.answer);
      return { dialog: result.dialog };
    } catch (error) {
      void result.dialog.bye();
      return { refusal: refusalOf(488, explain(error), true) };
    }
  }

  #progress({ status, sdp }: Provisional): void {
    if (status === 180) this.#tell('ringing');
    if (sdp === undefined) return;
    try {
      this.#parts.negotiation.answered(sdp);
      this.#tell('early_media');
    } catch (error) {
      this.#parts.log.info({ error: explain(error) }, 'early media cannot be heard');
    }
  }

  #tell(what: 'ringing' | 'early_media'): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.progress.emit(what);
  }
}

type Outcome =
  | { dialog: Dialog }
  | { refusal: Refusal; response?: Extract<InviteResult, { kind: 'refused' }>['response'] };

const TAKEN_BACK = refusalOf(487, 'Taken back', true);

function endOf(failure: unknown): LegEnd {
  if (!(failure instanceof Failure)) return { by: 'system', reason: 'internal_error' };
  const { code: reason, cause } = failure;
  if (reason === 'canceled') return { by: 'application', reason };
  const { sipStatus } = cause as { sipStatus: number };
  return { by: 'system', reason, sipStatus };
}
