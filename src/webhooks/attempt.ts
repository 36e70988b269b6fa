import { type Clock, explain, type Ids } from '../kit/index.ts';
import type { HttpClient } from '../net/index.ts';
import { webhookBody } from './body.ts';
import { signatureHeaders } from './signature.ts';
import type { AttemptRecord, EventRecord } from './store.ts';

/** Where an application wants its events. */
export interface WebhookTarget {
  url: string;
  /** The live one first; empty: not signed. */
  secrets: string[];
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 4096;

/** Sends an event once and tells what became of it; rejects only when `signal` ends it. */
export async function attemptDelivery(
  event: EventRecord,
  target: WebhookTarget,
  ports: { http: HttpClient; clock: Clock; ids: Ids; open(sealed: string): string },
  signal: AbortSignal,
): Promise<AttemptRecord> {
  const { http, clock, ids, open } = ports;
  const began = clock.monotonic();
  const attempt = {
    id: ids.next('dlv'),
    eventId: event.id,
    attempt: event.attempts + 1,
    at: clock.now(),
  };
  const result = (status: number | null, error: string | null, answer: string): AttemptRecord => {
    const durationMs = Math.round(clock.monotonic() - began);
    return { ...attempt, durationMs, status, error, answer };
  };
  try {
    const answer = await http.request({
      url: target.url,
      method: 'POST',
      ...envelope(webhookBody(event, open), event, attempt, target),
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: ANSWER_BYTES,
      headIsEnough: true,
      signal,
    });
    const refusal = accepted(answer.status) ? null : `the receiver answered with ${answer.status}`;
    return result(answer.status, refusal, text(answer.body));
  } catch (error) {
    signal.throwIfAborted();
    return result(null, explain(error), '');
  }
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

/** PostgreSQL keeps no NUL in a text. */
const text = (body: Buffer): string => body.toString('utf8').replaceAll('\0', '\uFFFD');
