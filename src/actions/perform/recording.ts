import type { Perform } from '../flow.ts';
import { oneClip } from '../playback.ts';
import { beep } from '../tones.ts';

/** Starts a recording, with `beep` after a tone. The next action follows at once. */
export const startRecording: Perform<'start_recording'> = async (action, flow) => {
  if (action.beep) await flow.leg.sound.play(oneClip(beep()), flow.signal);
  await flow.services.recorder(flow.session).start(action);
};

/** Stops the active recording. The next action follows when the file is available. */
export const stopRecording: Perform<'stop_recording'> = async (_action, flow) => {
  await flow.services.recorder(flow.session).stop();
};

/** Pauses the recording: nothing that is said is in the file until it resumes. */
export const pauseRecording: Perform<'pause_recording'> = async (action, flow) => {
  await flow.services.recorder(flow.session).pause(action.mode);
};

export const resumeRecording: Perform<'resume_recording'> = async (_action, flow) => {
  await flow.services.recorder(flow.session).resume();
};
