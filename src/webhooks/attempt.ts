import { CUT_MARGIN_BYTES, presentEventCall, storedText } from '../calls/index.ts';
import { type Clock, explain, type Ids, rfc3339 } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import {
  MAX_SEALED_MS,
  maskSealedDigits,
  type UnsealDeps,
  unsealDigits,
  withoutSealed,
} from './sealed-digits.ts';
import { signatureHeaders } from './signature.ts';
import type { AttemptRecord, EventRecord } from './store.ts';

/** The webhook of an application. */
export interface WebhookTarget {
  url: string;
  /** The current secret first; empty: requests are not signed. */
  secrets: string[];
}

export interface AttemptDeps extends UnsealDeps {
  http: HttpClient;
  clock: Clock;
  ids: Ids;
}

const TIMEOUT_MS = 10_000;
const STORED_ANSWER_BYTES = 4096;

/** Sends an event once and returns the outcome. Rejects only when `signal` aborts it. */
export async function attemptDelivery(
  event: EventRecord,
  target: WebhookTarget,
  deps: AttemptDeps,
  signal: AbortSignal,
): Promise<AttemptRecord> {
  const { http, clock, ids } = deps;
  const startedAt = clock.monotonic();
  maskSealedDigits(event, deps);
  const attempt = {
    id: ids.next('dlv'),
    eventId: event.id,
    attempt: event.attempts + 1,
    at: clock.now(),
  };
  const mask = (text: string) => deps.sensitive.mask(event.callId, text);
  const result = (status: number | null, error: string | null, body: Buffer): AttemptRecord => {
    const durationMs = Math.round(clock.monotonic() - startedAt);
    const answer = storedText(body, STORED_ANSWER_BYTES, mask);
    return { ...attempt, durationMs, status, error: error && mask(error), answer };
  };
  try {
    const body = webhookBody(event, digitsFor(event, target, deps));
    const response = await http.request({
      url: target.url,
      method: 'POST',
      headers: headersOf(body, event, attempt, target),
      body,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: STORED_ANSWER_BYTES + CUT_MARGIN_BYTES,
      allowPartialBody: true,
      tenant: event.call.customerId,
      signal,
    });
    const error = isAccepted(response.status) ? null : `the receiver answered with ${response.status}`;
    return result(response.status, error, response.body);
  } catch (error) {
    signal.throwIfAborted();
    return result(null, explain(error), Buffer.alloc(0));
  }
}

/**
 * The body of a webhook request. The same event gives the same bytes in every attempt.
 * @param digits replace the masked ones.
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

/** The sensitive digits of the event, if they may be sent to this URL and are not too old. */
function digitsFor(event: EventRecord, { url }: WebhookTarget, deps: AttemptDeps): string | undefined {
  const sealed = unsealDigits(event, deps.open);
  if (!sealed) return undefined;
  const isFresh = deps.clock.now() - event.createdAt < MAX_SEALED_MS;
  return isFresh && sealed.url === url ? sealed.digits : undefined;
}

function headersOf(
  body: string,
  event: EventRecord,
  { id, attempt, at }: Pick<AttemptRecord, 'id' | 'attempt' | 'at'>,
  { secrets }: WebhookTarget,
) {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'MiniVoice',
    'X-MiniVoice-Event': event.event,
    'X-MiniVoice-Delivery': id,
    'X-MiniVoice-Attempt': String(attempt),
    ...signatureHeaders(Math.floor(at / 1000), body, secrets),
  };
}

const isAccepted = (status: number): boolean => status >= 200 && status < 300;
