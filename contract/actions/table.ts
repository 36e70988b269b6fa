import type { z } from 'zod';
import { bridge, conference, transfer } from './connect.ts';
import type { ActionDefinition } from './define.ts';
import { gather, sendDigits } from './digits.ts';
import { hangup, redirect, setVariable, unsetVariable } from './flow.ts';
import { hold, mute, resume, unmute } from './hold-mute.ts';
import { pause, play, say } from './playback.ts';
import { pauseRecording, resumeRecording, startRecording, stopRecording } from './recording.ts';
import { startStream, stopStream } from './streaming.ts';

/** All actions, in the order of the reference. */
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

/** One kind of action in the form in which it runs: camelCase, defaults applied, aliases resolved. */
export type ActionOf<Type extends ActionType> = { type: Type } & z.output<(typeof ACTIONS)[Type]['schema']>;

/** Any action; `type` is the discriminator. */
export type Action = { [Type in ActionType]: ActionOf<Type> }[ActionType];

export const ACTION_TYPES = Object.keys(ACTIONS) as ActionType[];
