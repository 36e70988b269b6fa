import type { Perform } from '../flow.ts';
import { aborted } from './talk.ts';

/** Joins a room: all calls of the application in the room of that name hear each other. */
export const conference: Perform<'conference'> = async (action, { session, leg, services, signal }) => {
  const room = `${session.record.applicationId}/${action.room}`;
  const seat = services.rooms.enter(room, action.endOnExit);
  session.scope.defer(() => seat.leave());
  leg.enter(room, { muted: action.mute });
  await Promise.race([seat.ended, aborted(signal)]);
  leg.leave();
  seat.leave();
  return { kind: 'end', ending: { kind: 'completed', by: 'application' } };
};
