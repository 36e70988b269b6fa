import type { Perform } from '../flow.ts';
import { connect, talk } from './talk.ts';

/** Connects the caller to a destination and lets the flow go: relayed, or by the caller's own phone (REFER). */
export const transfer: Perform<'transfer'> = async (action, flow) => {
  if (action.mode === 'refer') {
    flow.services.dialer.checkRefer?.(flow.session.record.customerId);
    await flow.leg.refer(action.destination, flow.signal);
    return { kind: 'end', ending: { kind: 'completed', by: 'application' } };
  }
  await talk(flow, await connect(flow, action));
  return { kind: 'end', ending: { kind: 'completed', by: 'callee' } };
};
