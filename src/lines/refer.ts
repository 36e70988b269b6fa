import { Failure } from '../kit/index.ts';
import type { Dialog, SipRequest } from '../sip/index.ts';

/**
 * Asks the far end to call the target itself, and follows what it tells of that call (RFC 3515 §2.4.5: NOTIFY
 * carries the status line of the call that it makes). Resolves when that call is up; fails with `transfer_failed`.
 */
export async function referTo(dialog: Dialog, target: string, signal: AbortSignal): Promise<void> {
  const outcome = Promise.withResolvers<void>();
  outcome.promise.catch(() => {});
  const abort = () => outcome.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  dialog.onNotify = (request) => {
    const status = sipfragStatus(request);
    if (status >= 300) outcome.reject(failure(`the far end's call was refused with ${status}`));
    else if (status >= 200) outcome.resolve();
    return undefined;
  };
  try {
    const { status } = await dialog.refer(target);
    if (status >= 300) throw failure(`the far end refused to transfer, with ${status}`);
    await outcome.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    dialog.onNotify = undefined;
  }
}

const failure = (message: string) => new Failure('transfer_failed', message);

/** 0 where the body is not a status line. */
function sipfragStatus(request: SipRequest): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(request.body.toString('latin1'))?.[1] ?? 0);
}
