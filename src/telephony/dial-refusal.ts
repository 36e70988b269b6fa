import { DialRefusal, type LegEnd } from '../calls/index.ts';
import { Failure } from '../core/index.ts';

/** Why a call that we placed was not answered: the contract's `reason`. */
export type Reason = 'busy' | 'no_answer' | 'rejected' | 'unreachable' | 'canceled';

/** How one attempt to place a call has failed. */
export interface Refusal {
  reason: Reason;
  /** The status of the response, or the one that stands for a missing response. */
  status: number;
  phrase: string;
  /** Whether the far end has sent any response. */
  responded: boolean;
}

const REASONS: Record<number, Reason> = {
  404: 'unreachable',
  408: 'no_answer',
  410: 'unreachable',
  480: 'no_answer',
  484: 'unreachable',
  486: 'busy',
  487: 'canceled',
  600: 'busy',
  604: 'unreachable',
};

/** Interprets a final response. @param responded whether the far end has sent any response. */
export function refusalOf(status: number, phrase: string, responded: boolean): Refusal {
  return { reason: reasonOf(status, responded), status, phrase, responded };
}

function reasonOf(status: number, responded: boolean): Reason {
  if (status === 408 && !responded) return 'unreachable';
  const known = REASONS[status];
  if (known) return known;
  const elsewhere = status < 400 || (status >= 500 && status < 600);
  return elsewhere ? 'unreachable' : 'rejected';
}

/** Whether another route may succeed, because this one is at fault. Refused credentials belong to one trunk only. */
export function triesNext({ reason, status }: Refusal): boolean {
  if (status === 401 || status === 407) return true;
  return reason === 'unreachable' && (status === 408 || status < 400 || status >= 500) && status !== 604;
}

/** The reasons, from the one that says most about the called party. */
const BY_RELEVANCE: Reason[] = ['rejected', 'busy', 'no_answer', 'unreachable', 'canceled'];

/** Of several refusals, the one that says most about the called party. */
export const mostRelevant = <T extends { refusal: Refusal }>(all: T[]): T =>
  all.reduce((best, each) =>
    BY_RELEVANCE.indexOf(each.refusal.reason) < BY_RELEVANCE.indexOf(best.refusal.reason) ? each : best,
  );

const SENTENCES: Record<Reason, string> = {
  busy: 'The far end is busy',
  no_answer: 'The far end did not answer in time',
  rejected: 'The far end rejected the call',
  unreachable: 'The far end cannot be reached',
  canceled: 'The call was canceled before it was answered',
};

/** Characters of the far end's reason phrase that a message quotes. */
const MAX_PHRASE = 200;

/** Makes a Failure whose message quotes the response, or says why there was none. */
export function failureOf({ reason, status, phrase, responded }: Refusal): Failure {
  const why = `${responded ? `${status} ` : ''}${phrase.slice(0, MAX_PHRASE)}`.trim();
  const message = why ? `${SENTENCES[reason]}: ${why}` : SENTENCES[reason];
  return new Failure(reason, message, { cause: new DialRefusal(status, why) });
}

/** The end of a leg that was not answered. @param failure from `failureOf`, or a defect. */
export function unansweredEnd(failure: unknown): LegEnd {
  if (!(failure instanceof Failure)) return { by: 'system', reason: 'internal_error' };
  const { code: reason, message, cause } = failure;
  if (reason === 'canceled') return { by: 'application', reason };
  const { sipStatus } = cause as { sipStatus: number };
  return { by: 'system', reason, message, sipStatus };
}
