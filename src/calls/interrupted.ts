import type { Clock } from '../kit/index.ts';
import { durations } from './call.ts';
import { finalOf } from './ending.ts';
import type { CallJournal } from './ports.ts';
import type { CallStore } from './store.ts';

/**
 * Ends the calls that a former process left open: their legs are gone with it. Each gets its `call.failed` with
 * reason `node_restarted`. Run once at the start, after the recordings were recovered.
 * @returns how many there were.
 */
export async function endInterrupted(store: CallStore, journal: CallJournal, clock: Clock): Promise<number> {
  const open = await store.openCalls();
  const error = { code: 'node_restarted', message: 'MiniVoice was restarted while the call was running.' };
  const { event, ...final } = finalOf({ kind: 'failed', error, blame: 'us' });
  for (const interrupted of open) {
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
  return open.length;
}
