import type { Perform } from '../flow.ts';

/** Plays music to the caller, whom nobody hears until `resume`. */
export const hold: Perform<'hold'> = async (_action, flow) => {
  flow.leg.sound.hold(flow.services.holdMusic());
};

export const resume: Perform<'resume'> = async (_action, flow) => {
  flow.leg.sound.hold(null);
};
