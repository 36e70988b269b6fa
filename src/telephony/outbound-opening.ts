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
import {
  failureOf,
  mostRelevant,
  type Refusal,
  refusalOf,
  triesNext,
  unansweredEnd,
} from './dial-refusal.ts';
import type { Negotiation, NegotiationState } from './negotiation.ts';
import type { Opening } from './opening.ts';
import { type OutboundRoute, redirectedRoutes } from './outbound-routes.ts';

export interface OutboundOpeningParts {
  /** The groups are tried in order; the routes of one group ring at the same time. */
  routes: readonly (readonly OutboundRoute[])[];
  /** The customer who makes the call. */
  customerId: string;
  negotiation: Negotiation;
  timeoutMs: number;
  /** Cancels the call when aborted. */
  signal: AbortSignal;
  /** Nothing is sent before this resolves. */
  after?: Promise<void> | undefined;
  userAgent: Pick<UserAgent, 'invite'>;
  /** Finds the hosts of a route, in the order to try them. Rejects with the reason if there is none. */
  locate(route: OutboundRoute): Promise<(string | Hop)[]>;
  clock: Clock;
  log: Log;
}

/** RFC 3261 §16.7: redirections that are followed. A loop of redirections ends here. */
const MAX_REDIRECTIONS = 5;
/** A host that sends no response is given up after this long when another one is left. */
const SILENCE_MS = 5000;

/** The opening of an outbound call: tries one route after the other until the call is answered or refused. */
export class OutboundOpening implements Opening {
  readonly endedUnanswered: Promise<LegEnd>;
  /** Emits each value at most once. */
  readonly progress = new Signal<'ringing' | 'early_media'>();
  #parts: OutboundOpeningParts;
  #emitted = new Set<'ringing' | 'early_media'>();
  /** Cancels open INVITEs, because the call is given up or answered elsewhere. */
  #cancel = new AbortController();
  #answered = false;
  /** What early dialogs have agreed on since their first answer. */
  #changed = new Map<Dialog, NegotiationState>();
  #deadline: number;
  #dialog: Promise<Dialog>;

  constructor(parts: OutboundOpeningParts) {
    this.#parts = parts;
    this.#deadline = parts.clock.monotonic() + parts.timeoutMs;
    this.#dialog = this.#dial();
    this.endedUnanswered = new Promise((resolve) => {
      this.#dialog.catch((failure: unknown) => resolve(unansweredEnd(failure)));
    });
  }

  ring(): void {}

  answer(): Promise<Dialog> {
    return this.#dialog;
  }

  giveUp(): void {
    this.#cancel.abort();
  }

  async #dial(): Promise<Dialog> {
    await this.#parts.after;
    const groups = [...this.#parts.routes];
    let refusal = refusalOf(503, NOT_REGISTERED, false);
    let redirections = 0;
    for (let routes = groups.shift(); routes; routes = groups.shift()) {
      const outcome = await this.#ring(routes, groups.length > 0);
      if ('dialog' in outcome) return outcome.dialog;
      refusal = outcome.refusal;
      const { response, route } = outcome;
      if (response && refusal.status < 400 && redirections++ < MAX_REDIRECTIONS) {
        const next = redirectedRoutes(route, response, this.#parts.customerId);
        groups.unshift(...next.map((each) => [each]));
      } else if (!triesNext(refusal)) break;
    }
    throw failureOf(refusal);
  }

  /** RFC 3261 §16.7: rings all routes of a group. The first answer wins, and one 6xx refuses the call for all. */
  async #ring(routes: readonly OutboundRoute[], others: boolean): Promise<Outcome> {
    const outcomes = await Promise.all(
      routes.map(async (route) => {
        const outcome = await this.#try(route, others);
        if ('dialog' in outcome) return outcome;
        const { status, phrase } = outcome.refusal;
        this.#parts.log.info({ route: route.name, status, phrase }, 'call attempt failed');
        if (status >= 600) this.#cancel.abort();
        return outcome;
      }),
    );
    const answered = outcomes.find((outcome) => 'dialog' in outcome);
    return answered ?? mostRelevant(outcomes.filter((outcome) => 'refusal' in outcome));
  }

  /** @param others whether routes are left after this one. */
  async #try(route: OutboundRoute, others: boolean): Promise<Outcome> {
    let hosts: (string | Hop)[];
    try {
      hosts = await this.#parts.locate(route);
    } catch (error) {
      return { route, refusal: refusalOf(503, explain(error), false) };
    }
    let outcome: Outcome = { route, refusal: refusalOf(503, 'The host has no address', false) };
    for (const [index, host] of hosts.entries()) {
      outcome = await this.#invite(route, host, others || index < hosts.length - 1);
      if ('dialog' in outcome || !triesNext(outcome.refusal)) return outcome;
    }
    return outcome;
  }

  async #invite(route: OutboundRoute, destination: string | Hop, others: boolean): Promise<Outcome> {
    const { userAgent, negotiation, signal, clock } = this.#parts;
    const left = this.#deadline - clock.monotonic();
    if (signal.aborted || this.#cancel.signal.aborted) return { route, refusal: CANCELED };
    if (left <= 0) return { route, refusal: refusalOf(408, 'No answer before the timeout', true) };
    const { target, to, from, route: routeSet, headers, credentials } = route;
    const sdp = negotiation.makeOffer(route.srtp ?? false);
    const invite = userAgent.invite({
      ...{ target, to, from, route: routeSet, headers, credentials, destination, sdp },
      timeoutMs: left,
      firstResponseTimeoutMs: others ? SILENCE_MS : undefined,
      signal: AbortSignal.any([signal, this.#cancel.signal]),
    });
    const attempt = { route, invite, sdp, peer: addressOf(destination) };
    invite.provisional.on((provisional) => this.#progress(provisional, attempt));
    return this.#judge(attempt, await invite.result);
  }

  #judge(attempt: Attempt, result: InviteResult): Outcome {
    const { route, invite } = attempt;
    if (result.kind === 'refused') {
      const { status, reason, response } = result;
      return { route, refusal: refusalOf(status, reason, invite.responded), response };
    }
    const refusal = this.#answered ? CANCELED : this.#accept(result, attempt);
    if (refusal) {
      const { status, phrase } = refusal;
      detach('telephony.outbound', result.dialog.bye([['Reason', reasonOf(status, phrase)]]));
      return { route, refusal };
    }
    this.#answered = true;
    this.#cancel.abort();
    return { dialog: result.dialog };
  }

  /** Takes the answer in a 2xx. @returns why it cannot be used; undefined: it can. */
  #accept({ dialog, answer }: { dialog: Dialog; answer: string }, attempt: Attempt): Refusal | undefined {
    const changed = this.#changed.get(dialog);
    if (!changed) return this.#takeAnswer(answer, attempt);
    // RFC 6337 §3.1: the answer in the 2xx is the one that was changed since.
    this.#parts.negotiation.restore(changed);
    return undefined;
  }

  #takeAnswer(answer: string, { peer, sdp }: Attempt): Refusal | undefined {
    try {
      this.#parts.negotiation.takeAnswer(answer, peer, sdp);
      return undefined;
    } catch (error) {
      return refusalOf(488, explain(error), true);
    }
  }

  #progress({ status, sdp, dialog }: Provisional, attempt: Attempt): void {
    if (status === 180) this.#emit('ringing');
    if (dialog) this.#followChanges(dialog, attempt);
    if (sdp === undefined || this.#answered || (dialog && this.#changed.has(dialog))) return;
    const refusal = this.#takeAnswer(sdp, attempt);
    if (!refusal) this.#emit('early_media');
    else this.#parts.log.info({ error: refusal.phrase }, 'early media cannot be used');
  }

  /** RFC 3311 §5.1: the far end may change the session before it answers the call. */
  #followChanges(dialog: Dialog, { peer }: Attempt): void {
    const { negotiation } = this.#parts;
    dialog.onOffer ??= (offer) => {
      if (this.#answered) throw new Failure('call_ended', 'The call was answered elsewhere.');
      const answer = negotiation.answerOffer(offer, peer);
      this.#changed.set(dialog, negotiation.state);
      return answer;
    };
  }

  #emit(progress: 'ringing' | 'early_media'): void {
    if (this.#emitted.has(progress)) return;
    this.#emitted.add(progress);
    this.progress.emit(progress);
  }
}

/** A sent INVITE. */
interface Attempt {
  route: OutboundRoute;
  invite: OutgoingInvite;
  /** The offer in it. */
  sdp: string;
  /** The address that it was sent to. */
  peer: string | undefined;
}

function addressOf(host: string | Hop): string | undefined {
  return typeof host === 'string' ? parseUri(host).params.get('maddr') : host.address;
}

interface Refused {
  route: OutboundRoute;
  refusal: Refusal;
  response?: Extract<InviteResult, { kind: 'refused' }>['response'];
}

type Outcome = { dialog: Dialog } | Refused;

/** Only a SIP URI of this server has no route: it names a phone of the customer that is not registered. */
const NOT_REGISTERED = 'no phone of this customer is registered here under that name';

const CANCELED = refusalOf(487, 'Canceled', true);
