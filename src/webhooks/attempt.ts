import { CUT_MARGIN_BYTES, type SensitiveCalls, storedText } from '../calls/index.ts';
import { type Clock, explain, type Ids } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import { SENSITIVE_MS, sealedDigits, webhookBody } from './body.ts';
import { signatureHeaders } from './signature.ts';
import type { AttemptRecord, EventRecord } from './store.ts';

/** Where an application wants its events. */
export interface WebhookTarget {
  url: string;
  /** The live one first; empty: not signed. */
  secrets: string[];
}

export interface AttemptPorts {
  http: HttpClient;
  clock: Clock;
  ids: Ids;
  /** Makes plain what was sealed before it was stored. */
  open(sealed: string): string;
  /** What is sensitive in the calls: `add` what was sealed, `mask` what a receiver answers. */
  sensitive: Pick<SensitiveCalls, 'add' | 'mask'>;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 4096;

/** Sends an event once and tells what became of it; rejects only when `signal` ends it. */
export async function attemptDelivery(
  event: EventRecord,
  target: WebhookTarget,
  ports: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptRecord> {
  const { http, clock, ids } = ports;
  const began = clock.monotonic();
  noteSensitive(event, ports);
  const attempt = {
    id: ids.next('dlv'),
    eventId: event.id,
    attempt: event.attempts + 1,
    at: clock.now(),
  };
  const mask = (text: string) => ports.sensitive.mask(event.callId, text);
  const result = (status: number | null, error: string | null, body: Buffer): AttemptRecord => {
    const durationMs = Math.round(clock.monotonic() - began);
    const answer = storedText(body, ANSWER_BYTES, mask);
    return { ...attempt, durationMs, status, error: error && mask(error), answer };
  };
  try {
    const answer = await http.request({
      url: target.url,
      method: 'POST',
      ...envelope(webhookBody(event, digitsFor(event, target, ports)), event, attempt, target),
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: ANSWER_BYTES + CUT_MARGIN_BYTES,
      headIsEnough: true,
      tenant: event.call.customerId,
      signal,
    });
    const refusal = accepted(answer.status) ? null : `the receiver answered with ${answer.status}`;
    return result(answer.status, refusal, answer.body);
  } catch (error) {
    signal.throwIfAborted();
    return result(null, explain(error), Buffer.alloc(0));
  }
}

/**
 * Has the digits that are sealed in an event masked in answers to all events of its call: also in those before it,
 * because the application may know them from before a restart.
 */
export function noteSensitive(event: EventRecord, ports: Pick<AttemptPorts, 'open' | 'sensitive'>): void {
  const sealed = sealedDigits(event, ports.open);
  if (sealed) ports.sensitive.add(event.callId, sealed.digits);
}

/** The sensitive digits of the event, for the URL that they were meant for, until they are too old. */
function digitsFor(event: EventRecord, { url }: WebhookTarget, ports: AttemptPorts): string | undefined {
  const sealed = sealedDigits(event, ports.open);
  if (!sealed) return undefined;
  const isFresh = ports.clock.now() - event.createdAt < SENSITIVE_MS;
  return isFresh && sealed.url === url ? sealed.digits : undefined;
}

function envelope(
  body: string,
  event: EventRecord,
  { id, attempt, at }: Pick<AttemptRecord, 'id' | 'attempt' | 'at'>,
  target: WebhookTarget,
) {
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'MiniVoice',
    'X-MiniVoice-Event': event.event,
    'X-MiniVoice-Delivery': id,
    'X-MiniVoice-Attempt': String(attempt),
    ...signatureHeaders(Math.floor(at / 1000), body, target.secrets),
  };
  return { headers, body };
}

const accepted = (status: number): boolean => status >= 200 && status < 300;
