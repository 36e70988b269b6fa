import type { Ending, RefusalReason } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { dialEnding } from './dial-ending.ts';
import type { Flow } from './flow.ts';
import { connect, talk } from './perform/talk.ts';

/** How long a number's SIP URI may ring. */
const RING_SECONDS = 120;

/** What the caller is told when the far end did not take the call; by its reason. */
const REFUSALS: Record<string, RefusalReason> = {
  busy: 'busy',
  rejected: 'rejected',
  unreachable: 'not_found',
};

/**
 * Route mode `sip`: passes a call on to the SIP URI of its route, answers it when that is answered, and lets
 * the two talk. Nobody is asked for actions.
 */
export async function passOn(flow: Flow, answer: () => Promise<void>): Promise<Ending> {
  const { session, leg } = flow;
  leg.ring();
  try {
    const far = await connect(flow, {
      destination: session.record.routingTarget,
      timeoutSeconds: RING_SECONDS,
    });
    await answer();
    await talk(flow, far);
    return { kind: 'completed', by: 'callee' };
  } catch (error) {
    session.scope.signal.throwIfAborted();
    if (session.answered || !(error instanceof Failure)) throw error;
    leg.refuse(REFUSALS[error.code] ?? 'unavailable');
    return dialEnding(error);
  }
}
