import type { Flows } from '../actions/index.ts';
import type { ApiPorts } from '../api/index.ts';
import { type Admission, type Dialer, explainRefusal, type Switchboard } from '../calls/index.ts';
import { explain, Failure } from '../core/index.ts';

/** Places the calls that applications ask for over REST: dialled here, then led like any other call. */
export function callPlacer(
  dialer: Dialer,
  switchboard: Switchboard,
  flows: Flows,
  admission: Admission,
): ApiPorts['place'] {
  return async (application, order, idempotencyKey) => {
    const { from, to, answerUrl, actions, metadata, variables, sipHeaders, timeoutSeconds } = order;
    const refusal = admission.ask();
    if (refusal) throw new Failure('overloaded', `no call can be placed now: ${explainRefusal(refusal)}`);
    const { id: applicationId, customerId } = application;
    // Nobody is called by a call that is not written: after a crash nothing would be known of it.
    const written = Promise.withResolvers<void>();
    const unwritten = new AbortController();
    const waiting = { after: written.promise, signal: unwritten.signal };
    const timeoutMs = timeoutSeconds * 1000;
    const request = { destination: to, from, customerId, timeoutMs, sipHeaders, ...waiting };
    const leg = await dialer.dial(request).catch((cause) => {
      const isPorts = cause instanceof Failure && cause.code === 'no_media_port';
      if (isPorts) throw new Failure('overloaded', `no call can be placed now: ${cause.message}`, { cause });
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
    placed.catch(() => unwritten.abort()).finally(written.resolve);
    return placed;
  };
}
