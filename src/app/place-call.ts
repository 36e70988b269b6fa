import type { Flows } from '../actions/index.ts';
import type { ApiDeps } from '../api/index.ts';
import { type Admission, type Dialer, explainRefusal, type Switchboard } from '../calls/index.ts';
import { explain, Failure } from '../core/index.ts';

/** Returns what places the outbound calls that applications request through the API. */
export function callPlacer(
  dialer: Dialer,
  switchboard: Switchboard,
  flows: Flows,
  admission: Admission,
): ApiDeps['place'] {
  return async (application, order, idempotencyKey) => {
    const { from, to, answerUrl, actions, metadata, variables, sipHeaders, timeoutSeconds } = order;
    const refusal = admission.admit();
    if (refusal) throw new Failure('overloaded', `no call can be placed now: ${explainRefusal(refusal)}`);
    const { id: applicationId, customerId } = application;
    // The INVITE is sent only once the call is stored: after a crash, the call must be known.
    const stored = Promise.withResolvers<void>();
    const notStored = new AbortController();
    const gate = { after: stored.promise, signal: notStored.signal };
    const timeoutMs = timeoutSeconds * 1000;
    const request = { destination: to, from, customerId, timeoutMs, sipHeaders, ...gate };
    const leg = await admission
      .begin(() => dialer.dial(request))
      .catch((cause) => {
        const isPortFailure = cause instanceof Failure && cause.code === 'no_media_port';
        if (isPortFailure)
          throw new Failure('overloaded', `no call can be placed now: ${cause.message}`, { cause });
        if (cause instanceof Failure) throw cause;
        throw new Failure('originate_failed', `the call could not be placed: ${explain(cause)}`, { cause });
      });
    const route = {
      customerId,
      applicationId,
      answerUrl,
      routeMode: 'webhook',
      routingTarget: applicationId,
    } as const;
    const placement = { leg, from, to, route, metadata, variables, sipHeaders, idempotencyKey };
    const placed = switchboard.place(placement, (session) => flows.run(session, actions));
    placed.catch(() => notStored.abort()).finally(stored.resolve);
    return placed;
  };
}
