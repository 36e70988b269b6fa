import type { ActionOf } from '../../../contract/actions/index.ts';
import type { Flow, Perform } from '../flow.ts';

/** Cuts the sound one way or both: `write` what the caller says, `read` what the caller hears of the far end. */
export const mute: Perform<'mute'> = async (action, flow) => turn(action, flow, true);

export const unmute: Perform<'unmute'> = async (action, flow) => turn(action, flow, false);

function turn({ direction }: ActionOf<'mute' | 'unmute'>, flow: Flow, on: boolean): undefined {
  const { leg, muted } = flow;
  if (direction !== 'write') muted.read = on;
  if (direction !== 'read') muted.write = on;
  leg.sound.mute({ read: muted.read, write: muted.write });
  // Who was let in as a listener gets a voice.
  if (on || direction === 'read' || muted.room === undefined) return;
  leg.sound.join(muted.room);
  muted.room = undefined;
}
