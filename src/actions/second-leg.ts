import { errorMessage, isErrorCode } from '../../contract/errors.ts';
import {
  type DialedLeg,
  dialEnding,
  type Ending,
  type ForwardedCall,
  type RefusalReason,
} from '../calls/index.ts';
import { detach, explain, Failure } from '../core/index.ts';
import { aborted, type Flow } from './flow.ts';
import { ringback } from './tones.ts';

/** Where to dial for the caller, and for how long it may ring. */
export interface Destination {
  destination: string;
  /** The caller ID; default: the caller's own number, where it may be shown. */
  from?: string | undefined;
  timeoutSeconds: number;
  sipHeaders?: Record<string, string> | undefined;
}

/**
 * Dials a second leg and resolves when it answers. Meanwhile the caller hears ringing, or the early media of the far
 * end. @throws Failure with the reason of the refusal: `busy`, `no_answer`, `rejected`, …
 */
export async function dialSecondLeg(
  flow: Flow,
  { destination, from, timeoutSeconds, sipHeaders }: Destination,
): Promise<DialedLeg> {
  const { session, leg, services, signal } = flow;
  const far = await services.dialer.dial({
    destination,
    sipHeaders,
    from: from ?? session.record.from,
    forwardedCall: forwardedCall(session, from === undefined),
    customerId: session.record.customerId,
    timeoutMs: timeoutSeconds * 1000,
    beside: leg,
    signal,
    log: session.log,
  });
  session.scope.defer('other leg', () => far.hangup());
  const note = (status: string, more: object = {}) =>
    session.note('leg', { leg_id: far.id, destination, status, ...more });
  const ringing = new AbortController();
  far.progress.on((progress) => {
    note(progress);
    if (progress === 'early_media') {
      ringing.abort();
      connect(flow, far);
    }
  });
  detach(
    'actions.talk',
    leg.sound.play(ringback(), AbortSignal.any([ringing.signal, signal])).catch(() => {}),
  );
  try {
    await far.answer();
    note('answered');
    return far;
  } catch (error) {
    disconnect(flow);
    await far.hangup();
    if (signal.aborted) note('canceled');
    else note('failed', { error: reasonOf(error) });
    throw error;
  } finally {
    ringing.abort();
  }
}

function forwardedCall(
  { record, isCallerTrusted: isTrusted }: Flow['session'],
  isReplaceable: boolean,
): ForwardedCall {
  return { from: record.from, to: record.to, isTrusted, isReplaceable };
}

/** Connects the two legs until one of them hangs up, or another document replaces the actions. */
export async function talkUntilHangup(flow: Flow, far: DialedLeg): Promise<void> {
  connect(flow, far);
  const end = await Promise.race([far.ended, aborted(flow.signal)]);
  if (end?.by === 'system') {
    const message = isErrorCode(end.reason) ? errorMessage(end.reason) : end.reason;
    flow.session.note('leg', { leg_id: far.id, status: 'failed', error: { code: end.reason, message } });
    flow.session.log.warn({ leg_id: far.id, error: message }, 'the other leg was cut off');
  } else {
    const ended_by = end?.by === 'far_end' ? 'far_end' : 'call';
    flow.session.note('leg', { leg_id: far.id, status: 'ended', ended_by });
  }
  disconnect(flow);
  await far.hangup();
}

/** From now on the caller's keys are for the far end. */
function connect({ leg, keys }: Flow, far: DialedLeg): void {
  keys.ignore();
  leg.sound.join(far.id);
  far.sound.join(far.id);
}

function disconnect({ leg, keys }: Flow): void {
  leg.sound.leave();
  keys.listen();
}

function reasonOf(error: unknown): object {
  return { code: error instanceof Failure ? error.code : 'internal_error', message: explain(error) };
}

const FORWARD_RING_SECONDS = 120;

/** The refusal that the caller gets when the far end did not answer, by its reason. */
const REFUSALS: Record<string, RefusalReason> = {
  busy: 'busy',
  rejected: 'rejected',
  unreachable: 'not_found',
};

/**
 * Route mode `sip`: forwards the call to the SIP URI of its route, without fetching actions. The call is answered when
 * the far end answers.
 */
export async function forwardToSip(flow: Flow, answer: () => Promise<void>): Promise<Ending> {
  const { session, leg } = flow;
  leg.ring();
  try {
    const far = await dialSecondLeg(flow, {
      destination: session.record.routingTarget,
      timeoutSeconds: FORWARD_RING_SECONDS,
    });
    await answer();
    await talkUntilHangup(flow, far);
    return { kind: 'completed', by: 'callee' };
  } catch (error) {
    session.scope.signal.throwIfAborted();
    if (session.answered || !(error instanceof Failure)) throw error;
    leg.refuse(REFUSALS[error.code] ?? 'unavailable');
    return dialEnding(error);
  }
}
