import type { Action, ActionType } from '../../../contract/actions/index.ts';
import { explain, Failure } from '../../core/index.ts';
import { isDocumentError } from '../documents.ts';
import type { Flow, Outcome, Perform } from '../flow.ts';
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

/** The implementation of every action. A missing one does not compile. */
const performers = {
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

/** Actions that do not interrupt other actions: they take no time and play nothing to the caller. */
export const CONCURRENT = new Set<ActionType>([
  'hold',
  'resume',
  'mute',
  'unmute',
  'send_digits',
  'set_variable',
  'unset_variable',
  'start_recording',
  'stop_recording',
  'pause_recording',
  'resume_recording',
  'start_stream',
  'stop_stream',
]);

const finished: Outcome = { kind: 'end', ending: { kind: 'completed', by: 'application' } };

/**
 * Performs actions in order until one of them ends or replaces the list. After the last action the call ends normally.
 * An action that fails is noted on the timeline, and the next one follows; only `answer_url_error` is thrown.
 */
export async function performAll(actions: Action[], flow: Flow): Promise<Outcome> {
  try {
    for (const [index, action] of actions.entries()) {
      flow.session.holdBack('keys', areKeysSensitive(actions.slice(index)), flow);
      const outcome = await performOne(action, index, flow);
      if (flow.signal.aborted || outcome) return outcome ?? finished;
    }
    return finished;
  } finally {
    flow.session.holdBack('keys', false, flow);
  }
}

/** Actions that take keys pressed before them, or during which keys are for another party. */
const KEY_CONSUMERS: readonly ActionType[] = ['gather', 'bridge', 'transfer', 'conference', 'redirect'];

/** Whether a key that is pressed now is for a sensitive gather. */
function areKeysSensitive(next: Action[]): boolean {
  const consumer = next.find(({ type }) => KEY_CONSUMERS.includes(type));
  return consumer?.type === 'gather' && consumer.sensitive;
}

async function performOne(action: Action, index: number, flow: Flow): Promise<Outcome | undefined> {
  const { session } = flow;
  const startedAt = flow.services.clock.monotonic();
  const note = (status: string, more: object = {}) => {
    const durationMs = Math.round(flow.services.clock.monotonic() - startedAt);
    session.note('action', { index, type: action.type, status, duration_ms: durationMs, ...more });
  };
  try {
    const outcome = await (performers[action.type] as Perform<typeof action.type>)(action as never, flow);
    const isTransferred = outcome?.kind === 'end' && outcome.transferred;
    note(flow.signal.aborted && !isTransferred ? 'interrupted' : 'completed');
    return outcome;
  } catch (error) {
    if (flow.signal.aborted) {
      note('interrupted');
      return undefined;
    }
    note('failed', { error: errorOf(error) });
    session.log.warn({ action: action.type, error: explain(error) }, 'action failed');
    if (isDocumentError(error)) throw error;
    return undefined;
  }
}

function errorOf(error: unknown): object {
  if (!(error instanceof Failure)) return { code: 'internal_error', message: 'An internal error occurred.' };
  return { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
}
