import type { Action } from '../../contract/actions/index.ts';
import { dialEnding, type Ending, type Session } from '../calls/index.ts';
import { detach, explain, Failure } from '../core/index.ts';
import { isDocumentError, nextDocument } from './documents.ts';
import { aborted, type Flow } from './flow.ts';
import { CONCURRENT, performAll } from './perform/index.ts';
import { playErrorPrompt, waitUntilHeard } from './playback.ts';
import type { Services, Settings } from './ports.ts';
import { forwardToSip } from './second-leg.ts';
import { TypeAhead } from './type-ahead.ts';

interface Running {
  flow: Flow;
  /** Replaces the actions that are being performed. */
  takeOver(actions: Action[]): void;
}

/** Runs the flows of all live calls: answers, fetches documents and performs their actions. */
export class Flows {
  #services: Services;
  #running = new Map<string, Running>();

  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * Runs the flow of a call and resolves with its ending. Rejects when the call ends meanwhile.
   * @param given the first actions; default: those of the application's document.
   */
  async run(session: Session, given?: Action[]): Promise<Ending> {
    const settings = this.#services.settings(session.record.applicationId);
    if (!settings) throw new Failure('application_not_found', 'The application of the call does not exist.');
    const flow = newFlow(session, this.#services, settings);
    const ending = this.#runDocuments(flow, given).catch((error) => {
      session.scope.signal.throwIfAborted();
      return notConnected(session, error) ?? this.#endWithPrompt(flow, error);
    });
    // Events of an action that the end of the call interrupts precede the last event of the call.
    session.scope.defer('actions', () => ending.then(ignore, ignore));
    session.scope.defer('flow', () => void this.#running.delete(session.id));
    return ending;
  }

  /**
   * Performs actions on a live call at once. If all of them can run beside other actions (recording, holding, muting,
   * …), they do; otherwise they replace the current ones.
   * @throws Failure `active_call_not_found` when no such call is performing actions.
   */
  takeOver(callId: string, actions: Action[]): void {
    const running = this.#running.get(callId);
    if (!running) throw new Failure('active_call_not_found', 'There is no active call with this id.');
    noteSent(running.flow.session, actions);
    if (actions.length > 0 && actions.every(({ type }) => CONCURRENT.has(type))) {
      const { flow } = running;
      detach('actions.flows', performAll(actions, { ...flow, signal: flow.session.scope.signal }));
    } else running.takeOver(actions);
  }

  async #runDocuments(flow: Flow, given: Action[] | undefined): Promise<Ending> {
    const { direction, routeMode } = flow.session.record;
    if (routeMode === 'sip') return forwardToSip(flow, () => answer(flow));
    this.#services.warmVoices();
    const outbound = direction === 'outbound';
    if (outbound) await answer(flow);
    else flow.leg.ring();
    if (given) noteSent(flow.session, given);
    const actions = given ?? (await firstDocument(flow));
    const first = actions[0];
    if (!outbound && first?.type === 'hangup' && first.reason) {
      flow.leg.refuse(first.reason);
      return { kind: 'refused', reason: first.reason };
    }
    if (!outbound) await answer(flow);
    return await this.#perform(flow, actions);
  }

  /** Performs actions, and those that replace them, until one ends the call. */
  async #perform(flow: Flow, actions: Action[]): Promise<Ending> {
    for (let next = actions; ; ) {
      const turn = new AbortController();
      let takeover: Action[] | undefined;
      flow.signal = AbortSignal.any([flow.session.scope.signal, turn.signal]);
      this.#running.set(flow.session.id, {
        flow,
        takeOver(replacement) {
          takeover = replacement;
          turn.abort(new Failure('interrupted', 'Other actions replaced these.'));
        },
      });
      const outcome = await performAll(next, flow);
      flow.session.scope.signal.throwIfAborted();
      if (takeover) next = takeover;
      else if (outcome.kind === 'replace') next = outcome.actions;
      else {
        await waitUntilHeard(flow);
        return outcome.ending;
      }
    }
  }

  /** Ends a call after an error: the caller hears the error prompt. */
  async #endWithPrompt(flow: Flow, error: unknown): Promise<Ending> {
    const { session } = flow;
    flow.signal = session.scope.signal;
    const failure = isDocumentError(error)
      ? { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) }
      : { code: 'internal_error', message: 'An internal error ended the call.' };
    session.note('error', { error: failure });
    session.log.warn({ code: failure.code, error: explain(error) }, 'call flow failed');
    if (!session.answered) await answer(flow);
    await playErrorPrompt(flow);
    await waitUntilHeard(flow);
    return { kind: 'failed', error: failure, blame: isDocumentError(error) ? 'customer' : 'us' };
  }
}

const ignore = () => {};

/** Notes actions that were sent over REST: no request to the application shows them. */
const noteSent = (session: Session, actions: Action[]): void =>
  session.note('actions', { source: 'api', actions: actions.map(({ type }) => type) });

function firstDocument(flow: Flow): Promise<Action[]> {
  const { answerUrl: url } = flow.session.record;
  return nextDocument(flow, { url, method: flow.settings.answerMethod, reason: 'answer' });
}

/** The ending of an outbound call that was not answered; undefined for every other error. */
function notConnected(session: Session, error: unknown): Ending | undefined {
  if (session.record.direction !== 'outbound' || session.answered || !(error instanceof Failure))
    return undefined;
  return dialEnding(error);
}

function newFlow(session: Session, services: Services, settings: Settings): Flow {
  return {
    session,
    leg: session.leg,
    services,
    settings,
    keys: new TypeAhead(session.leg, services.clock),
    signal: session.scope.signal,
    gathered: undefined,
    hasSensitiveDigits: false,
    playedAt: Number.NEGATIVE_INFINITY,
    muted: { read: false, write: false, conference: undefined },
    redirects: 0,
    fallbackUsed: false,
  };
}

async function answer(flow: Flow): Promise<void> {
  const { session, services, settings } = flow;
  const { signal } = session.scope;
  // The end of the call must not wait for a far end that still rings.
  await Promise.race([flow.leg.answer(), aborted(signal)]);
  signal.throwIfAborted();
  if (session.record.routeMode !== 'sip') flow.keys.start();
  await session.markAnswered();
  if (settings.recordCalls || session.record.metadata['record'] === true) {
    const recorder = services.recorder(session);
    await recorder.start({ channels: 2, format: 'wav', maxSeconds: 14_400 }).catch((error) => {
      session.note('recording', { status: 'failed', error: explain(error) });
    });
  }
}
