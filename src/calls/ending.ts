import { errorMessage, isErrorCode } from '../../contract/errors.ts';
import type { CallError, CallRecord, CallStatus } from './call.ts';
import type { LegEnd } from './ports.ts';

/** Whose fault a failure is: ours, the customer's application, or the line. */
export type Blame = 'us' | 'customer' | 'carrier';

/** How a call ends, as a value. There is one for each call, whatever happens. */
export type Ending =
  | { kind: 'completed'; by: 'caller' | 'callee' | 'application' | 'system' }
  | { kind: 'canceled'; by: 'caller' | 'application' | 'system' }
  | { kind: 'refused'; reason: 'busy' | 'rejected' }
  | { kind: 'failed'; error: CallError; blame: Blame; sipStatus?: number };

type Final = Pick<CallRecord, 'reason' | 'endedBy' | 'sipStatus' | 'error'> & {
  status: CallStatus;
  event: 'call.completed' | 'call.failed' | 'call.canceled';
};

const ENDED_BY: Record<Blame, string> = { us: 'system', customer: 'application', carrier: 'system' };

/** What an ending makes of the call, and the event that reports it. */
export function finalOf(ending: Ending): Final {
  const clean = { sipStatus: null, error: null };
  switch (ending.kind) {
    case 'completed':
      return { ...clean, status: 'completed', event: 'call.completed', reason: 'normal', endedBy: ending.by };
    case 'canceled':
      return { ...clean, status: 'canceled', event: 'call.canceled', reason: 'canceled', endedBy: ending.by };
    case 'refused':
      return {
        ...clean,
        status: 'failed',
        event: 'call.failed',
        reason: ending.reason,
        endedBy: 'application',
      };
    case 'failed':
      return {
        status: 'failed',
        event: 'call.failed',
        reason: ending.error.code,
        endedBy: ENDED_BY[ending.blame],
        sipStatus: ending.sipStatus ?? null,
        error: ending.error,
      };
  }
}

/** The ending that a leg's own end means for its call. */
export function endingOf(end: LegEnd, call: CallRecord): Ending {
  if (end.by === 'system') {
    const known = isErrorCode(end.reason)
      ? errorMessage(end.reason)
      : `The line failed: ${end.reason.replaceAll('_', ' ')}.`;
    const error = { code: end.reason, message: end.message ?? known };
    return {
      kind: 'failed',
      error,
      blame: 'carrier',
      ...(end.sipStatus ? { sipStatus: end.sipStatus } : {}),
    };
  }
  if (end.by === 'application') return { kind: 'completed', by: end.by };
  const farEnd = call.direction === 'inbound' ? 'caller' : 'callee';
  return call.answeredAt === null ? { kind: 'canceled', by: 'caller' } : { kind: 'completed', by: farEnd };
}
