import type { Action, ActionType } from '../../contract/actions/index.ts';
import type { Ending, Session } from '../calls/index.ts';
import { detach, explain, Failure } from '../core/index.ts';
import { apologise } from './apology.ts';
import { dialEnding } from './dial-ending.ts';
import { isDocumentError, nextDocument } from './documents.ts';
import type { Flow } from './flow.ts';
import { passOn } from './pass-on.ts';
import { aborted } from './perform/talk.ts';
import { performAll } from './perform-all.ts';
import type { Services, Settings } from './ports.ts';
import { letHear } from './speech.ts';
import { TypeAhead } from './type-ahead.ts';

interface Running {
  flow: Flow;
  /** Ends the list that is being performed in favour of another. */
  takeOver(actions: Action[]): void;
}

/** The flows of all live calls: from the first ring, through documents and their actions, to the ending. */
export class Flows {
  #services: Services;
  #running = new Map<string, Running>();

  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * Leads a call to the ending that it returns. Rejects when the call ends underneath it.
   * @param given what is performed first, in place of a document of the application's.
   */
  async lead(session: Session, given?: Action[]): Promise<Ending> {
    const settings = this.#services.settings(session.record.applicationId);
    if (!settings) throw new Failure('application_not_found', 'The application of the call is gone.');
    const flow = newFlow(session, this.#services, settings);
    const ending = this.#run(flow, given).catch((error) => {
      session.scope.signal.throwIfAborted();
      return notConnected(session, error) ?? this.#excuse(flow, error);
    });
    // What an action still reports when the call ends underneath it comes before the call's last event.
    session.scope.defer(() => ending.then(ignore, ignore));
    session.scope.defer(() => void this.#running.delete(session.id));
    return ending;
  }

  /**
   * Runs a document on a live call at once. Where all of it can be done beside what is going on (recording,
   * holding, muting, …) it is; otherwise it takes the place of what is being performed.
   * Fails with `active_call_not_found` when no such call is performing actions.
   */
  takeOver(callId: string, actions: Action[]): void {
    const running = this.#running.get(callId);
    if (!running) throw new Failure('active_call_not_found', 'There is no active call with this id.');
    noteSent(running.flow.session, actions);
    if (actions.length > 0 && actions.every(({ type }) => BESIDE.has(type))) {
      const { flow } = running;
      detach('actions.flows', performAll(actions, { ...flow, signal: flow.session.scope.signal }));
    } else running.takeOver(actions);
  }

  async #run(flow: Flow, given: Action[] | undefined): Promise<Ending> {
    const { direction, routeMode } = flow.session.record;
    if (routeMode === 'sip') return passOn(flow, () => answer(flow));
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

  /** Performs a list, and then whatever list takes its place, until one of them ends the call. */
  async #perform(flow: Flow, actions: Action[]): Promise<Ending> {
    for (let next = actions; ; ) {
      const turn = new AbortController();
      let takeover: Action[] | undefined;
      flow.signal = AbortSignal.any([flow.session.scope.signal, turn.signal]);
      this.#running.set(flow.session.id, {
        flow,
        takeOver(replacement) {
          takeover = replacement;
          turn.abort(new Failure('interrupted', 'Another document took over.'));
        },
      });
      const outcome = await performAll(next, flow);
      flow.session.scope.signal.throwIfAborted();
      if (takeover) next = takeover;
      else if (outcome.kind === 'replace') next = outcome.actions;
      else {
        await letHear(flow);
        return outcome.ending;
      }
    }
  }

  /** The caller never hears silence for a fault of ours or of the application. */
  async #excuse(flow: Flow, error: unknown): Promise<Ending> {
    const { session } = flow;
    flow.signal = session.scope.signal;
    const failure = isDocumentError(error)
      ? { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) }
      : { code: 'internal_error', message: 'MiniVoice could not go on with the call.' };
    session.note('error', { error: failure });
    session.log.warn({ code: failure.code, error: explain(error) }, 'the flow of the call failed');
    if (!session.answered) await answer(flow);
    await apologise(flow);
    await letHear(flow);
    return { kind: 'failed', error: failure, blame: isDocumentError(error) ? 'customer' : 'us' };
  }
}

/** Actions that neither take time nor the caller's ear: they do not interrupt what is going on. */
const BESIDE = new Set<ActionType>([
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

const ignore = () => {};

/** Actions that come over REST are in no request to the application. */
const noteSent = (session: Session, actions: Action[]): void =>
  session.note('actions', { source: 'api', actions: actions.map(({ type }) => type) });

function firstDocument(flow: Flow): Promise<Action[]> {
  const { answerUrl: url } = flow.session.record;
  return nextDocument(flow, { url, method: flow.settings.answerMethod, reason: 'answer' });
}

/** The ending of a call that we placed and that did not come about; undefined for every other error. */
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
    gatheredInSecret: false,
    playedAt: Number.NEGATIVE_INFINITY,
    muted: { read: false, write: false, room: undefined },
    redirects: 0,
    fallbackAsked: false,
  };
}

async function answer(flow: Flow): Promise<void> {
  const { session, services, settings } = flow;
  const { signal } = session.scope;
  // A far end that still rings when the call ends is hung up last, and the end must not wait for it until then.
  await Promise.race([flow.leg.answer(), aborted(signal)]);
  signal.throwIfAborted();
  if (session.record.routeMode !== 'sip') flow.keys.start();
  await session.begin();
  if (settings.recordCalls || session.record.metadata['record'] === true) {
    const recorder = services.recorder(session);
    await recorder.start({ channels: 2, format: 'wav', maxSeconds: 14_400 }).catch((error) => {
      session.note('recording', { status: 'failed', error: explain(error) });
    });
  }
}
