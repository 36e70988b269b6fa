import type { Action, ActionType } from '../../contract/actions/index.ts';
import { explain, Failure } from '../core/index.ts';
import { isDocumentError } from './documents.ts';
import type { Flow, Outcome, Perform } from './flow.ts';
import { performers } from './perform/index.ts';

/**
 * Performs a list in order until an action ends or replaces it. A list that runs out ends the call normally.
 * An action that fails is noted and the next one follows; only a document that cannot be had is passed on.
 */
export async function performAll(actions: Action[], flow: Flow): Promise<Outcome> {
  try {
    for (const [index, action] of actions.entries()) {
      flow.session.hush('keys', areSecret(actions.slice(index)), flow);
      const outcome = await performOne(action, index, flow);
      if (flow.signal.aborted || outcome) return outcome ?? finished;
    }
    return finished;
  } finally {
    flow.session.hush('keys', false, flow);
  }
}

/** Actions that take the keys pressed before them, or with which keys are for somebody else. */
const KEY_TAKERS: readonly ActionType[] = ['gather', 'bridge', 'transfer', 'conference', 'redirect'];

/** Whether a key that is pressed now is for a gather which keeps it secret. */
function areSecret(next: Action[]): boolean {
  const taker = next.find(({ type }) => KEY_TAKERS.includes(type));
  return taker?.type === 'gather' && taker.sensitive;
}

const finished: Outcome = { kind: 'end', ending: { kind: 'completed', by: 'application' } };

async function performOne(action: Action, index: number, flow: Flow): Promise<Outcome | undefined> {
  const { session } = flow;
  const started = flow.services.clock.monotonic();
  const note = (status: string, more: object = {}) => {
    const durationMs = Math.round(flow.services.clock.monotonic() - started);
    session.note('action', { index, type: action.type, status, duration_ms: durationMs, ...more });
  };
  try {
    const outcome = await (performers[action.type] as Perform<typeof action.type>)(action as never, flow);
    const transferred = outcome?.kind === 'end' && outcome.transferred;
    note(flow.signal.aborted && !transferred ? 'interrupted' : 'completed');
    return outcome;
  } catch (error) {
    if (flow.signal.aborted) {
      note('interrupted');
      return undefined;
    }
    note('failed', { error: errorOf(error) });
    session.log.warn({ action: action.type, error: explain(error) }, 'an action failed');
    if (isDocumentError(error)) throw error;
    return undefined;
  }
}

function errorOf(error: unknown): object {
  if (!(error instanceof Failure)) return { code: 'internal_error', message: 'MiniVoice failed here.' };
  return { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
}
