import { explain } from '../core/index.ts';
import type { Authorization } from './authorization.ts';
import type { Core } from './core.ts';
import { createResponse, type SipRequest, type SipResponse } from './message/index.ts';
import type { Target } from './transport/index.ts';

/** What is needed to send a request, and to send it again with credentials. */
export interface Exchange {
  /** Called once for each attempt: a new CSeq each time. */
  build(): SipRequest;
  locate(): Promise<Target>;
  authorization?: Authorization | undefined;
}

/**
 * Sends a request other than INVITE, answering a challenge when there are credentials. Never rejects: nobody
 * answering is a 408, no way to send is a 503 (RFC 3261 §8.1.3.1).
 */
export async function exchange(core: Core, { build, locate, authorization }: Exchange): Promise<SipResponse> {
  const answered = new Set<string>();
  for (;;) {
    const request = build();
    const response = await transact(core, request, { locate, authorization });
    const challenged = response.status === 401 || response.status === 407;
    if (!challenged || !authorization?.challenged(response, answered)) return response;
  }
}

async function transact(
  core: Core,
  request: SipRequest,
  { locate, authorization }: Pick<Exchange, 'locate' | 'authorization'>,
): Promise<SipResponse> {
  try {
    authorization?.authorize(request);
    const target = await locate();
    return await new Promise((resolve, reject) => {
      const response = (response: SipResponse) => {
        if (response.status >= 200) resolve(response);
      };
      const failed = (cause: FailureCause) => resolve(localResponse(request, cause));
      core.transactions.start(request, target, { response, failed }).catch(reject);
    });
  } catch (error) {
    return localResponse(request, 'transport_error', explain(error));
  }
}

/** Why there is no response from the other side. */
export type FailureCause = 'timeout' | 'transport_error';

/** The response that stands for none. Its reason says what went wrong. */
export function localResponse(request: SipRequest, cause: FailureCause, why?: string): SipResponse {
  const status = cause === 'timeout' ? 408 : 503;
  const text = cause === 'timeout' ? 'Nobody answered' : (why ?? 'Could not be sent');
  return createResponse(request, status, text.replaceAll(/[\r\n]/g, ' '));
}
