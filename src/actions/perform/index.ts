import type { ActionType } from '../../../contract/actions/index.ts';
import type { Perform } from '../flow.ts';
import { bridge } from './bridge.ts';
import { conference } from './conference.ts';
import { gather } from './gather.ts';
import { hangup } from './hangup.ts';
import { hold, resume } from './hold.ts';
import { mute, unmute } from './mute.ts';
import { pause } from './pause.ts';
import { play } from './play.ts';
import { pauseRecording, resumeRecording, startRecording, stopRecording } from './recording.ts';
import { redirect } from './redirect.ts';
import { say } from './say.ts';
import { sendDigits } from './send-digits.ts';
import { setVariable, unsetVariable } from './set-variable.ts';
import { startStream, stopStream } from './stream.ts';
import { transfer } from './transfer.ts';

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
  send_digits: sendDigits,
  transfer,
  bridge,
  conference,
  hold,
  resume,
  mute,
  unmute,
  start_stream: startStream,
  stop_stream: stopStream,
} satisfies { [T in ActionType]: Perform<T> };
