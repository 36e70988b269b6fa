import type { ActionOf } from '../../../contract/actions/index.ts';
import type { Flow, Perform } from '../flow.ts';

/** Mutes what the caller says (`write`), hears (`read`), or both. */
export const mute: Perform<'mute'> = async (action, flow) => setMuted(action, flow, true);

export const unmute: Perform<'unmute'> = async (action, flow) => setMuted(action, flow, false);

function setMuted({ direction }: ActionOf<'mute' | 'unmute'>, flow: Flow, on: boolean): undefined {
  const { leg, muted } = flow;
  if (direction !== 'write') muted.read = on;
  if (direction !== 'read') muted.write = on;
  leg.sound.mute({ read: muted.read, write: muted.write });
  // `unmute` also ends the mute with which the caller joined a conference.
  if (on || direction === 'read' || muted.conference === undefined) return;
  leg.sound.join(muted.conference);
  muted.conference = undefined;
}
