import { errorMessage, isErrorCode } from '../../../contract/errors.ts';
import type { AudioClip, DialledLeg, PassedOn } from '../../calls/index.ts';
import { detach, explain, Failure } from '../../core/index.ts';
import type { Flow } from '../flow.ts';
import { RATE, tones } from '../tones.ts';

/** Whom to call for the caller, and for how long to let it ring. */
export interface Destination {
  destination: string;
  /** Caller ID; the caller's own number, where it may be shown, when it is not given. */
  from?: string | undefined;
  timeoutSeconds: number;
  sipHeaders?: Record<string, string> | undefined;
}

/**
 * Calls a destination beside the call and resolves when it answers; the caller hears ringing, or what the far
 * end sends before it answers. Fails with the reason of the refusal: `busy`, `no_answer`, `rejected`, ….
 */
export async function connect(
  flow: Flow,
  { destination, from, timeoutSeconds, sipHeaders }: Destination,
): Promise<DialledLeg> {
  const { session, leg, services, signal } = flow;
  const far = await services.dialer.dial({
    destination,
    sipHeaders,
    from: from ?? session.record.from,
    passesOn: passedOn(session, from === undefined),
    customerId: session.record.customerId,
    timeoutMs: timeoutSeconds * 1000,
    beside: leg,
    signal,
    log: session.log,
  });
  session.scope.defer(() => far.hangup());
  const note = (status: string, more: object = {}) =>
    session.note('leg', { leg_id: far.id, destination, status, ...more });
  const quiet = new AbortController();
  far.progress.on((progress) => {
    note(progress);
    if (progress === 'early_media') {
      quiet.abort();
      join(flow, far);
    }
  });
  detach(
    'actions.talk',
    leg.sound.play(ringback(), AbortSignal.any([quiet.signal, signal])).catch(() => {}),
  );
  try {
    await far.answer();
    note('answered');
    return far;
  } catch (error) {
    part(flow);
    await far.hangup();
    if (signal.aborted) note('canceled');
    else note('failed', { error: reasonOf(error) });
    throw error;
  } finally {
    quiet.abort();
  }
}

function passedOn({ record, isCallerTrusted: isTrusted }: Flow['session'], isReplaceable: boolean): PassedOn {
  return { from: record.from, to: record.to, isTrusted, isReplaceable };
}

/** Lets the two talk until one of them hangs up, or another document takes over. */
export async function talk(flow: Flow, far: DialledLeg): Promise<void> {
  join(flow, far);
  const end = await Promise.race([far.ended, aborted(flow.signal)]);
  if (end?.by === 'system') {
    const error = {
      code: end.reason,
      message: isErrorCode(end.reason) ? errorMessage(end.reason) : end.reason,
    };
    flow.session.note('leg', { leg_id: far.id, status: 'failed', error });
    flow.session.log.warn({ leg_id: far.id, error: error.message }, 'the other leg was cut off');
  } else {
    const ended_by = end?.by === 'far_end' ? 'far_end' : 'call';
    flow.session.note('leg', { leg_id: far.id, status: 'ended', ended_by });
  }
  part(flow);
  await far.hangup();
}

/** From now on the caller's keys are for the far end. */
function join({ leg, keys }: Flow, far: DialledLeg): void {
  keys.ignore();
  leg.sound.join(far.id);
  far.sound.join(far.id);
}

function part({ leg, keys }: Flow): void {
  leg.sound.leave();
  keys.listen();
}

function reasonOf(error: unknown): object {
  return { code: error instanceof Failure ? error.code : 'internal_error', message: explain(error) };
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Ringing as in North America: 440 + 480 Hz, two seconds on and four off, for as long as it is listened to. */
async function* ringback(): AsyncIterable<AudioClip> {
  const ring = tones(6, [440, 480], (i) => (i < 2 * RATE ? 2500 : 0));
  for (;;) yield ring;
}
