import { errorMessage, isErrorCode } from '../../contract/errors.ts';
import { type Clock, explain, type Failure } from '../core/index.ts';
import { type CallError, type CallRecord, type CallStatus, durations } from './call.ts';
import { type CallJournal, DialRefusal, type LegEnd } from './ports.ts';
import type { CallStore, QuarantineStore } from './store.ts';

/** Who caused a failure: MiniVoice, the customer's application, or the carrier. */
export type Blame = 'us' | 'customer' | 'carrier';

/** How a call ends. Every call has exactly one ending. */
export type Ending =
  | { kind: 'completed'; by: 'caller' | 'callee' | 'application' | 'system' }
  | { kind: 'canceled'; by: 'caller' | 'application' | 'system' }
  | { kind: 'refused'; reason: 'busy' | 'rejected' }
  | { kind: 'failed'; error: CallError; blame: Blame; sipStatus?: number };

/** The fields of an ended call, and the event that reports it. */
type Final = Pick<CallRecord, 'reason' | 'endedBy' | 'sipStatus' | 'error'> & {
  status: CallStatus;
  event: 'call.completed' | 'call.failed' | 'call.canceled';
};

const ENDED_BY: Record<Blame, string> = { us: 'system', customer: 'application', carrier: 'system' };

/** The final state of a call with this ending. */
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

/** The data of the event that reports the end of a call. */
export function endData(call: CallRecord): Record<string, unknown> {
  const { durationSeconds, billsecSeconds } = durations(call);
  return {
    reason: call.reason,
    ended_by: call.endedBy,
    duration_seconds: durationSeconds,
    billsec_seconds: billsecSeconds,
    ...(call.sipStatus ? { sip_status: call.sipStatus } : {}),
    ...(call.error ? { error: call.error } : {}),
  };
}

/** The ending of a call whose leg has ended. */
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

/** The ending of a call whose far end did not answer. @param failure what the dialer rejected with. */
export function dialEnding({ code, message, cause }: Failure): Ending {
  if (code === 'canceled') return { kind: 'canceled', by: 'application' };
  const sip = cause instanceof DialRefusal ? { sipStatus: cause.sipStatus } : {};
  return { kind: 'failed', error: { code, message }, blame: 'carrier', ...sip };
}

/**
 * Ends the calls that an earlier process left open: each gets `call.failed` with reason `node_restarted`. Run it once
 * at the start, after the recordings are recovered. A call that cannot be ended is quarantined.
 * @returns how many calls were open.
 */
export async function endInterrupted(
  store: Pick<CallStore, 'openCalls'> & Pick<QuarantineStore, 'quarantine'>,
  journal: CallJournal,
  clock: Clock,
): Promise<number> {
  const open = await store.openCalls();
  for (const call of open) {
    try {
      await endInterruptedCall(call, journal, clock);
    } catch (error) {
      const reason = `the call cannot be ended: ${explain(error)}`;
      store.quarantine({ table: 'calls', id: call.id, reason });
    }
  }
  return open.length;
}

async function endInterruptedCall(call: CallRecord, journal: CallJournal, clock: Clock): Promise<void> {
  const error = { code: 'node_restarted', message: 'MiniVoice was restarted while the call was running.' };
  const { event, ...final } = finalOf({ kind: 'failed', error, blame: 'us' });
  const endedAt = Math.max(Math.round(clock.now()), call.createdAt);
  const ended = { ...call, ...final, endedAt };
  await journal.commit({ call: ended, events: [{ event, at: endedAt, call: ended, data: endData(ended) }] });
}
