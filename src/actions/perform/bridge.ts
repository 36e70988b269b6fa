import type { Perform } from '../flow.ts';
import { connect, talk } from './talk.ts';

/** Calls a destination and joins it to the caller; what follows runs only if that fails, or is asked for. */
export const bridge: Perform<'bridge'> = async (action, flow) => {
  const far = await connect(flow, action);
  await talk(flow, far);
  if (action.continueAfter) return undefined;
  return { kind: 'end', ending: { kind: 'completed', by: 'callee' } };
};
