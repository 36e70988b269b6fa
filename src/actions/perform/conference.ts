import type { Perform } from '../flow.ts';
import { aborted } from './talk.ts';

/** Joins a room: all calls of the application in the room of that name hear each other. */
export const conference: Perform<'conference'> = async (action, flow) => {
  const { session, leg, services, signal, keys } = flow;
  const room = `${session.record.applicationId}/${action.room}`;
  const seat = services.rooms.enter(room, action.endOnExit);
  session.scope.defer(() => seat.leave());
  keys.ignore();
  leg.sound.join(room, { muted: action.mute });
  flow.muted.room = action.mute ? room : undefined;
  await Promise.race([seat.ended, aborted(signal)]);
  leg.sound.leave();
  keys.listen();
  flow.muted.room = undefined;
  seat.leave();
  return { kind: 'end', ending: { kind: 'completed', by: 'application' } };
};
