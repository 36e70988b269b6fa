import type { ActionOf } from '../../../contract/actions/index.ts';
import type { Flow, Perform } from '../flow.ts';

/** Cuts the sound one way or both: `write` what the caller says, `read` what the caller hears of the far end. */
export const mute: Perform<'mute'> = async (action, flow) => turn(action, flow, true);

export const unmute: Perform<'unmute'> = async (action, flow) => turn(action, flow, false);

function turn({ direction }: ActionOf<'mute' | 'unmute'>, flow: Flow, on: boolean): undefined {
  if (direction !== 'write') flow.muted.read = on;
  if (direction !== 'read') flow.muted.write = on;
  flow.leg.mute({ ...flow.muted });
}
