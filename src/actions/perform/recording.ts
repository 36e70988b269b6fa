import type { AudioClip } from '../../calls/index.ts';
import type { Perform } from '../flow.ts';
import { once } from '../speech.ts';
import { RATE, tones } from '../tones.ts';

/** Starts a recording and goes on at once; with `beep` the caller hears one first. */
export const startRecording: Perform<'start_recording'> = async (action, flow) => {
  if (action.beep) await flow.leg.sound.play(once(beep()), flow.signal);
  await flow.services.recorder(flow.session).start(action);
};

/** Stops the active recording; the flow goes on when its file is available. */
export const stopRecording: Perform<'stop_recording'> = async (_action, flow) => {
  await flow.services.recorder(flow.session).stop();
};

/** From now on nothing that is said reaches the file. */
export const pauseRecording: Perform<'pause_recording'> = async (action, flow) => {
  await flow.services.recorder(flow.session).pause(action.mode);
};

export const resumeRecording: Perform<'resume_recording'> = async (_action, flow) => {
  await flow.services.recorder(flow.session).resume();
};

/** A quarter second of 1,000 Hz with soft edges. */
function beep(): AudioClip {
  const length = RATE / 4;
  return tones(0.25, [1000], (i) => 8000 * Math.min(1, i / 80, (length - i) / 80));
}
