import type { ActionOf } from '../../../contract/actions/index.ts';
import { Failure } from '../../core/index.ts';
import type { Flow, Perform } from '../flow.ts';
import { connect, talk } from './talk.ts';

/** Connects the caller to a destination and lets the flow go: relayed, or by the caller's own phone (REFER). */
export const transfer: Perform<'transfer'> = async (action, flow) => {
  if (action.mode === 'refer') {
    flow.services.dialer.checkRefer?.(flow.session.record.customerId);
    await refer(action, flow);
    return { kind: 'end', ending: { kind: 'completed', by: 'application' }, transferred: true };
  }
  await talk(flow, await connect(flow, action));
  return { kind: 'end', ending: { kind: 'completed', by: 'callee' } };
};

/** What the far end reports, or does not, must not keep the caller waiting for longer than the ringing may last. */
async function refer({ destination, timeoutSeconds }: ActionOf<'transfer'>, { leg, services, signal }: Flow) {
  const limit = new AbortController();
  const timer = services.clock.after(timeoutSeconds * 1000, () => {
    limit.abort(new Failure('transfer_failed', `the far end has reported no result in ${timeoutSeconds} s`));
  });
  try {
    await leg.refer(destination, AbortSignal.any([signal, limit.signal]));
  } finally {
    timer.cancel();
  }
}
