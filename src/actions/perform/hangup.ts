import type { Perform } from '../flow.ts';

/** Ends the call. A `reason` only counts before the answer, where the flow refuses the call with it. */
export const hangup: Perform<'hangup'> = async () => ({
  kind: 'end',
  ending: { kind: 'completed', by: 'application' },
});
