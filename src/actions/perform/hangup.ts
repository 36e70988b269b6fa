import type { Perform } from '../flow.ts';

/** Ends the call. A `reason` counts before the answer only: then the flow refuses the call with it. */
export const hangup: Perform<'hangup'> = async () => ({
  kind: 'end',
  ending: { kind: 'completed', by: 'application' },
});
