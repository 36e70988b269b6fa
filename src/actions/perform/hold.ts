import type { Perform } from '../flow.ts';

/** Puts the caller on hold until `resume`: plays hold music, and mutes the caller for all others. */
export const hold: Perform<'hold'> = async (_action, flow) => {
  flow.leg.sound.hold(flow.services.holdMusic());
};

export const resume: Perform<'resume'> = async (_action, flow) => {
  flow.leg.sound.hold(null);
};
