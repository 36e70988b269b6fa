import { type Clock, explain } from '../core/index.ts';
import { type CallRecord, durations } from './call.ts';
import { finalOf } from './ending.ts';
import type { CallJournal } from './ports.ts';
import type { CallStore, QuarantineStore } from './store.ts';

/**
 * Ends the calls that a former process left open: their legs are gone with it. Each gets its `call.failed` with
 * reason `node_restarted`. Run once at the start, after the recordings were recovered. A call that cannot be ended goes
 * into quarantine, and the others are ended.
 * @returns how many there were.
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

async function endInterruptedCall(
  interrupted: CallRecord,
  journal: CallJournal,
  clock: Clock,
): Promise<void> {
  const error = { code: 'node_restarted', message: 'MiniVoice was restarted while the call was running.' };
  const { event, ...final } = finalOf({ kind: 'failed', error, blame: 'us' });
  const call = {
    ...interrupted,
    ...final,
    endedAt: Math.max(Math.round(clock.now()), interrupted.createdAt),
  };
  const { durationSeconds, billsecSeconds } = durations(call);
  const data = {
    reason: final.reason,
    ended_by: final.endedBy,
    duration_seconds: durationSeconds,
    billsec_seconds: billsecSeconds,
    error,
  };
  await journal.commit({ call, events: [{ event, at: call.endedAt, call, data }] });
}
