import type { Flows } from '../actions/index.ts';
import type { ApiPorts } from '../api/index.ts';
import type { Dialer, Switchboard } from '../calls/index.ts';
import { explain, Failure } from '../kit/index.ts';

/** Places the calls that applications ask for over REST: dialled here, then led like any other call. */
export function callPlacer(dialer: Dialer, switchboard: Switchboard, flows: Flows): ApiPorts['place'] {
  return async (application, { from, to, answerUrl, actions, metadata, variables, timeoutSeconds }) => {
    if (!switchboard.open) throw new Failure('overloaded', 'no more calls can be taken now');
    const { id: applicationId, customerId } = application;
    const request = { destination: to, from, customerId, timeoutMs: timeoutSeconds * 1000 };
    const leg = await dialer.dial({ ...request, signal: new AbortController().signal }).catch((cause) => {
      if (cause instanceof Failure && cause.code !== 'no_media_port') throw cause;
      throw new Failure('originate_failed', `the call could not be placed: ${explain(cause)}`, { cause });
    });
    const route = {
      customerId,
      applicationId,
      answerUrl,
      routeMode: 'webhook',
      routingTarget: applicationId,
    } as const;
    const placement = { leg, from, to, route, metadata, variables };
    return switchboard.place(placement, (session) => flows.lead(session, actions));
  };
}
