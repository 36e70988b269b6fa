import { sleep } from '../../core/index.ts';
import type { Perform } from '../flow.ts';

/** Waits in silence. */
export const pause: Perform<'pause'> = async (action, flow) => {
  await sleep(flow.services.clock, action.seconds * 1000, flow.signal);
};
