import { DialRefusal } from '../calls/index.ts';
import { Failure } from '../core/index.ts';

/** Why a call that we placed was not answered: the contract's `reason`. */
export type Reason = 'busy' | 'no_answer' | 'rejected' | 'unreachable' | 'canceled';

/** How one attempt to place a call has failed. */
export interface Refusal {
  reason: Reason;
  /** As it came from the other side, or stands for its silence. */
  status: number;
  phrase: string;
  /** Whether the other side has sent any response. */
  heard: boolean;
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

/** What a final response means for the call. @param heard has the other side said anything at all? */
export function refusalOf(status: number, phrase: string, heard: boolean): Refusal {
  return { reason: reasonOf(status, heard), status, phrase, heard };
}

function reasonOf(status: number, heard: boolean): Reason {
  if (status === 408 && !heard) return 'unreachable';
  const known = REASONS[status];
  if (known) return known;
  const elsewhere = status < 400 || (status >= 500 && status < 600);
  return elsewhere ? 'unreachable' : 'rejected';
}

/** Is the fault the way's, so that another one may lead there? Credentials that are refused are the trunk's own. */
export function triesNext({ reason, status }: Refusal): boolean {
  if (status === 401 || status === 407) return true;
  return reason === 'unreachable' && (status === 408 || status < 400 || status >= 500) && status !== 604;
}

const SENTENCES: Record<Reason, string> = {
  busy: 'The far end is busy',
  no_answer: 'The far end did not answer in time',
  rejected: 'The far end rejected the call',
  unreachable: 'The far end cannot be reached',
  canceled: 'The call was canceled before it was answered',
};

/** The longest reason phrase of the far end that a message quotes, in characters. */
const MAX_PHRASE = 200;

/** The refusal as a Failure: its message quotes the response, or says why there was none. */
export function failureOf({ reason, status, phrase, heard }: Refusal): Failure {
  const why = `${heard ? `${status} ` : ''}${phrase.slice(0, MAX_PHRASE)}`.trim();
  const message = why ? `${SENTENCES[reason]}: ${why}` : SENTENCES[reason];
  return new Failure(reason, message, { cause: new DialRefusal(status, why) });
}
