import type { ActionType } from '../../../contract/actions/index.ts';
import type { Perform } from '../flow.ts';
import { gather } from './gather.ts';
import { hangup } from './hangup.ts';
import { notAvailable } from './not-available.ts';
import { pause } from './pause.ts';
import { play } from './play.ts';
import { pauseRecording, resumeRecording, startRecording, stopRecording } from './recording.ts';
import { redirect } from './redirect.ts';
import { say } from './say.ts';
import { setVariable, unsetVariable } from './set-variable.ts';

/** Who carries out which action. One that is missing does not compile. */
export const performers = {
  say,
  play,
  pause,
  gather,
  redirect,
  hangup,
  set_variable: setVariable,
  unset_variable: unsetVariable,
  start_recording: startRecording,
  stop_recording: stopRecording,
  pause_recording: pauseRecording,
  resume_recording: resumeRecording,
  send_digits: notAvailable('send_digits'),
  transfer: notAvailable('transfer'),
  bridge: notAvailable('bridge'),
  conference: notAvailable('conference'),
  hold: notAvailable('hold'),
  resume: notAvailable('resume'),
  mute: notAvailable('mute'),
  unmute: notAvailable('unmute'),
  start_stream: notAvailable('start_stream'),
  stop_stream: notAvailable('stop_stream'),
} satisfies { [T in ActionType]: Perform<T> };
