import { aborted, type Perform } from '../flow.ts';

/** Joins a conference: the calls of an application that name the same `room` hear each other. */
export const conference: Perform<'conference'> = async (action, flow) => {
  const { session, leg, services, signal, keys } = flow;
  const name = `${session.record.applicationId}/${action.room}`;
  const participant = services.conferences.join(name, action.endOnExit);
  session.scope.defer('conference', () => participant.leave());
  keys.ignore();
  leg.sound.join(name, { muted: action.mute });
  flow.muted.conference = action.mute ? name : undefined;
  await Promise.race([participant.ended, aborted(signal)]);
  leg.sound.leave();
  keys.listen();
  flow.muted.conference = undefined;
  participant.leave();
  return { kind: 'end', ending: { kind: 'completed', by: 'application' } };
};
