import { presentEventCall } from '../calls/index.ts';
import { rfc3339 } from '../kit/index.ts';
import type { EventRecord } from './store.ts';

/**
 * What a webhook's receiver is sent. The same event gives the same bytes, however often it is tried.
 * @param open makes plain what was sealed: secret digits are kept masked, and reach nobody but the receiver.
 */
export function webhookBody(event: EventRecord, open: (sealed: string) => string): string {
  const { sealed_digits: sealed, ...data } = event.data;
  const secret = typeof sealed === 'string' ? { digits: open(sealed) } : {};
  return JSON.stringify({
    event: event.event,
    created_at: rfc3339(event.createdAt),
    call: presentEventCall(event.call),
    variables: event.call.variables,
    data: { event_key: event.eventKey, sequence: event.sequence, ...data, ...secret },
  });
}
