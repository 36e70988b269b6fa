import type { Perform } from '../flow.ts';

/** The caller hears music and is heard by nobody, until `resume`. */
export const hold: Perform<'hold'> = async (_action, flow) => {
  flow.leg.sound.hold(flow.services.holdMusic());
};

export const resume: Perform<'resume'> = async (_action, flow) => {
  flow.leg.sound.hold(null);
};
