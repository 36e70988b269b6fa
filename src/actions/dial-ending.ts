import { DialRefusal, type Ending } from '../calls/index.ts';
import type { Failure } from '../core/index.ts';

/** The ending of a call whose far end did not take it. @param error what the dialer says of it. */
export function dialEnding({ code, message, cause }: Failure): Ending {
  if (code === 'canceled') return { kind: 'canceled', by: 'application' };
  const sip = cause instanceof DialRefusal ? { sipStatus: cause.sipStatus } : {};
  return { kind: 'failed', error: { code, message }, blame: 'carrier', ...sip };
}
