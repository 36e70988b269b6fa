import type { Perform } from '../flow.ts';
import { dialSecondLeg, talkUntilHangup } from '../second-leg.ts';

/** Dials a destination and connects it with the caller. The next action runs if that fails, or with `continue_after`. */
export const bridge: Perform<'bridge'> = async (action, flow) => {
  const far = await dialSecondLeg(flow, action);
  await talkUntilHangup(flow, far);
  if (action.continueAfter) return undefined;
  return { kind: 'end', ending: { kind: 'completed', by: 'callee' } };
};
