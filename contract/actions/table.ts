import type { z } from 'zod';
import { bridge } from './bridge.ts';
import { conference } from './conference.ts';
import type { ActionDefinition } from './define.ts';
import { gather } from './gather.ts';
import { hangup } from './hangup.ts';
import { hold } from './hold.ts';
import { mute } from './mute.ts';
import { pause } from './pause.ts';
import { pauseRecording } from './pause-recording.ts';
import { play } from './play.ts';
import { redirect } from './redirect.ts';
import { resume } from './resume.ts';
import { resumeRecording } from './resume-recording.ts';
import { say } from './say.ts';
import { sendDigits } from './send-digits.ts';
import { setVariable } from './set-variable.ts';
import { startRecording } from './start-recording.ts';
import { startStream } from './start-stream.ts';
import { stopRecording } from './stop-recording.ts';
import { stopStream } from './stop-stream.ts';
import { transfer } from './transfer.ts';
import { unmute } from './unmute.ts';
import { unsetVariable } from './unset-variable.ts';

/** Every action there is, in the order of the reference. */
export const ACTIONS = {
  say,
  gather,
  send_digits: sendDigits,
  redirect,
  transfer,
  bridge,
  conference,
  hold,
  resume,
  mute,
  unmute,
  start_recording: startRecording,
  stop_recording: stopRecording,
  start_stream: startStream,
  stop_stream: stopStream,
  set_variable: setVariable,
  unset_variable: unsetVariable,
  play,
  pause,
  hangup,
  pause_recording: pauseRecording,
  resume_recording: resumeRecording,
} as const satisfies Record<string, ActionDefinition>;

export type ActionType = keyof typeof ACTIONS;

/** One kind of action as it runs: camelCase, defaults applied, aliases resolved. */
export type ActionOf<Type extends ActionType> = { type: Type } & z.output<(typeof ACTIONS)[Type]['schema']>;

/** Any action, told apart by its `type`. */
export type Action = { [Type in ActionType]: ActionOf<Type> }[ActionType];

export const ACTION_TYPES = Object.keys(ACTIONS) as ActionType[];
