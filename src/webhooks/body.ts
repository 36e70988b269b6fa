import { presentEventCall } from '../calls/index.ts';
import { rfc3339 } from '../core/index.ts';
import type { EventRecord } from './store.ts';

/** Sensitive digits are sent for so long at most; each hour what is older is erased, so that nothing is kept a day. */
export const SENSITIVE_MS = 23 * 3_600_000;

/** What is sealed in `data.sealed_digits`: the digits, and the only URL that they may be sent to. */
interface Sealed {
  digits: string;
  url: string;
}

/** The sealed digits of an event; undefined where there are none, or nobody can read them any more. */
export function sealedDigits(event: EventRecord, open: (sealed: string) => string): Sealed | undefined {
  const { sealed_digits: sealed } = event.data;
  if (typeof sealed !== 'string') return undefined;
  try {
    const { digits, url } = JSON.parse(open(sealed)) as Partial<Sealed>;
    return typeof digits === 'string' && typeof url === 'string' ? { digits, url } : undefined;
  } catch {
    return undefined;
  }
}

/** What remains of an event's data when sensitive digits are erased: they are masked. */
export function withoutSealed({ sealed_digits: _, ...data }: EventRecord['data']): EventRecord['data'] {
  return data;
}

/**
 * What a webhook's receiver is sent. The same event gives the same bytes, however often it is tried.
 * @param digits in place of those that are kept masked.
 */
export function webhookBody(event: EventRecord, digits?: string): string {
  const data = withoutSealed(event.data);
  return JSON.stringify({
    event: event.event,
    created_at: rfc3339(event.createdAt),
    call: presentEventCall(event.call),
    variables: event.call.variables,
    data: {
      event_key: event.eventKey,
      sequence: event.sequence,
      ...data,
      ...(digits === undefined ? {} : { digits }),
    },
  });
}
