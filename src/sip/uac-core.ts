import { explain } from '../core/index.ts';
import type { Authorization, Login } from './digest/index.ts';
import {
  createRequest,
  createResponse,
  type ExtraHeaders,
  formatNameAddress,
  parseNameAddress,
  type SipRequest,
  type SipResponse,
} from './message/index.ts';
import type { Hop, Target } from './transport/index.ts';
import type { UaContext } from './ua-context.ts';

/** A request outside of dialogs, such as REGISTER or OPTIONS. */
export interface RequestOptions {
  method: string;
  /** The Request-URI. */
  target: string;
  /** Destination, if it differs from `target`. */
  destination?: string | Hop | undefined;
  /** Source that the target was learned from. If it is public, no private address is used. */
  peer?: Hop | undefined;
  from: string;
  to?: string | undefined;
  callId?: string | undefined;
  /** The first CSeq, default 1; each challenge takes the next. */
  seq?: number | undefined;
  headers?: ExtraHeaders | undefined;
  credentials?: Login | undefined;
}

/** Returns a function that builds the request, with the next CSeq at each call. */
export function requestBuilder(ua: UaContext, options: RequestOptions): () => SipRequest {
  const { method, target, headers = [], callId = ua.random.uuid() } = options;
  const own = parseNameAddress(options.from);
  const from = formatNameAddress({ ...own, tag: own.tag ?? ua.tokens.tag() });
  const to = formatNameAddress(parseNameAddress(options.to ?? `<${target}>`));
  let seq = options.seq ?? 1;
  return () => {
    const request = createRequest({ method, uri: target });
    request.headers
      .append('Max-Forwards', '70')
      .append('From', from)
      .append('To', to)
      .append('Call-ID', callId)
      .append('CSeq', `${seq++} ${method}`)
      .append('User-Agent', ua.userAgent);
    for (const [name, value] of headers) request.headers.append(name, value);
    return request;
  };
}

/** How to build, route and authorize a request. */
export interface RequestPlan {
  /** Called once for each attempt: a new CSeq each time. */
  build(): SipRequest;
  locate(): Promise<Target>;
  authorization?: Authorization | undefined;
}

/**
 * Sends a non-INVITE request, and again with credentials when it is challenged (RFC 3261 §8.1.3).
 * Never rejects: a timeout is a 408, a transport error a 503 (RFC 3261 §8.1.3.1).
 */
export async function sendRequest(ua: UaContext, plan: RequestPlan): Promise<SipResponse> {
  const { build, authorization } = plan;
  const answeredRealms = new Set<string>();
  for (;;) {
    const response = await transact(ua, build(), plan);
    const isChallenge = response.status === 401 || response.status === 407;
    if (!isChallenge || !authorization?.acceptChallenge(response, answeredRealms)) return response;
  }
}

async function transact(
  ua: UaContext,
  request: SipRequest,
  { locate, authorization }: RequestPlan,
): Promise<SipResponse> {
  try {
    authorization?.authorize(request);
    const target = await locate();
    return await new Promise((resolve, reject) => {
      const response = (response: SipResponse) => {
        if (response.status >= 200) resolve(response);
      };
      const failed = (cause: FailureCause) => resolve(localResponse(request, cause));
      ua.transactions.start(request, target, { response, failed }).catch(reject);
    });
  } catch (error) {
    return localResponse(request, 'transport_error', explain(error));
  }
}

/** Why there is no response from the peer. */
export type FailureCause = 'timeout' | 'transport_error';

/** The response that stands for a timeout (408) or a transport error (503); its reason names the cause. */
export function localResponse(request: SipRequest, cause: FailureCause, detail?: string): SipResponse {
  const status = cause === 'timeout' ? 408 : 503;
  const text = cause === 'timeout' ? 'No response' : (detail ?? 'Could not be sent');
  return createResponse(request, status, text.replaceAll(/[\r\n]/g, ' '));
}
