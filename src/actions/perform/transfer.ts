import type { ActionOf } from '../../../contract/actions/index.ts';
import { Failure } from '../../core/index.ts';
import type { Flow, Perform } from '../flow.ts';
import { dialSecondLeg, talkUntilHangup } from '../second-leg.ts';

/** Transfers the caller, who talks through MiniVoice or calls the destination directly (REFER). Ends the flow. */
export const transfer: Perform<'transfer'> = async (action, flow) => {
  if (action.mode === 'refer') {
    flow.services.dialer.checkRefer?.(flow.session.record.customerId);
    await refer(action, flow);
    return { kind: 'end', ending: { kind: 'completed', by: 'application' }, transferred: true };
  }
  await talkUntilHangup(flow, await dialSecondLeg(flow, action));
  return { kind: 'end', ending: { kind: 'completed', by: 'callee' } };
};

/** Waits at most `timeoutSeconds` for the result of the REFER. */
async function refer({ destination, timeoutSeconds }: ActionOf<'transfer'>, { leg, services, signal }: Flow) {
  const limit = new AbortController();
  const timer = services.clock.after(timeoutSeconds * 1000, () => {
    limit.abort(new Failure('transfer_failed', `the far end reported no result within ${timeoutSeconds} s`));
  });
  try {
    await leg.refer(destination, AbortSignal.any([signal, limit.signal]));
  } finally {
    timer.cancel();
  }
}
