import type { Verdict } from '../../contract/actions/index.ts';
import { presentCall, storedText } from '../calls/index.ts';
import { type Clock, type Detail, explain, Failure, type Log } from '../core/index.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../net/index.ts';
import { signatureHeaders, urlSignatureHeader } from '../webhooks/index.ts';
import { DOCUMENT_ERROR } from './documents.ts';
import type { DocumentRequest, Documents } from './ports.ts';

/** What is needed to ask an application for its actions. */
export interface DocumentFetcherPorts {
  http: HttpClient;
  clock: Clock;
  log: Log;
  /**
   * `checkDocumentText` of the contract, with the operator's options.
   * @param base where the text came from. @param applicationId whose it is.
   */
  check(text: string, base: string, applicationId: string): Verdict;
}

const TIMEOUT_MS = 5000;
const MOST_BYTES = 1024 * 1024;
/** So much of an answer is kept on the timeline. */
const KEPT_BYTES = 64 * 1024;

/** Asks over HTTP: at most 5 s a time, and once more after a network error or a 5xx. Redirects are not followed. */
export function createDocumentFetcher(ports: DocumentFetcherPorts): Documents {
  return {
    async fetch(request) {
      try {
        const answer = await ask(request, ports).catch((error) => {
          if (!mayAskAgain(error) || request.signal.aborted) throw error;
          return ask(request, ports);
        });
        return actionsOf(answer, (text) => ports.check(text, request.url, request.call.applicationId));
      } catch (error) {
        request.signal.throwIfAborted();
        throw refusal(request, error, ports.log);
      }
    },
  };
}

/** A server that answered with 5xx. */
class ServerError extends Error {}

/** Not after a timeout: the caller has waited long enough, and the server may be at work on the first request. */
function mayAskAgain(error: unknown): boolean {
  if (error instanceof ServerError) return true;
  return error instanceof Failure && ['connect_failed', 'tls_failed', 'answer_broken'].includes(error.code);
}

/** One request, told to the timeline whatever becomes of it. */
async function ask(request: DocumentRequest, { http, clock }: DocumentFetcherPorts): Promise<HttpAnswer> {
  const began = clock.monotonic();
  // Not the URL with the query we add: digits may be in it that are to be kept nowhere.
  const exchange = { url: request.url, method: request.method };
  const answer = await http.request(wireOf(request, clock)).catch((error) => {
    const duration_ms = Math.round(clock.monotonic() - began);
    request.onExchange({ ...exchange, status: null, duration_ms, error: explain(error) });
    throw error;
  });
  const { status, headers, durationMs: duration_ms } = answer;
  const error = status >= 200 && status < 300 ? null : `the server answered with ${status}`;
  request.onExchange({
    ...exchange,
    status,
    duration_ms,
    headers,
    body: storedText(answer.body, KEPT_BYTES, request.mask),
    error,
  });
  if (error === null) return answer;
  throw status >= 500 ? new ServerError(error) : new Failure(DOCUMENT_ERROR, error);
}

function wireOf(request: DocumentRequest, clock: Clock): HttpRequest {
  const { method, secrets, signal } = request;
  const timestamp = Math.floor(clock.now() / 1000);
  const url = method === 'POST' ? request.url : withQuery(request);
  const body = method === 'POST' ? bodyOf(request) : '';
  const signature = signatureHeaders(timestamp, body, secrets);
  // The signature over an empty body does not cover the query.
  const ofUrl = method === 'GET' ? urlSignatureHeader(timestamp, method, url, secrets) : {};
  return {
    url,
    method,
    headers: { ...HEADERS[method], ...signature, ...ofUrl },
    ...(body ? { body } : {}),
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MOST_BYTES,
    tenant: request.call.customerId,
    signal,
  };
}

const COMMON = { Accept: 'application/json', 'User-Agent': 'MiniVoice' };
const HEADERS = { GET: COMMON, POST: { ...COMMON, 'Content-Type': 'application/json' } };

function bodyOf({ reason, call, data }: DocumentRequest): string {
  return JSON.stringify({ reason, call: presentCall(call), variables: call.variables, data });
}

/** The URL as it is requested: normalized (WHATWG URL), with its own query as it is and ours behind it. */
function withQuery({ url, reason, call, data }: DocumentRequest): string {
  const { id: call_id, direction, from, to } = call;
  const query = new URLSearchParams({ reason, call_id, direction, from, to });
  if (typeof data['digits'] === 'string') query.set('digits', data['digits']);
  if (typeof data['status'] === 'string') query.set('gather_status', data['status']);
  const [page] = url.split('#') as [string];
  const whole = `${page}${page.includes('?') ? '&' : '?'}${query}`;
  return URL.parse(whole)?.href ?? whole;
}

function actionsOf(answer: HttpAnswer, check: (text: string) => Verdict) {
  const verdict = verdictOf(answer, check);
  if (verdict.ok) return verdict.actions;
  throw new Failure(DOCUMENT_ERROR, 'invalid action payload', { details: verdict.details });
}

function verdictOf({ body, truncated }: HttpAnswer, check: (text: string) => Verdict): Verdict {
  const refuse = (code: 'payload_too_large' | 'invalid_json', message: string): Verdict => {
    return { ok: false, details: [{ pointer: '', code, message }] };
  };
  if (truncated) return refuse('payload_too_large', 'the document must be at most 1 MiB long');
  try {
    return check(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return refuse('invalid_json', 'the document is not text in UTF-8');
  }
}

function refusal(request: DocumentRequest, error: unknown, log: Log): Failure {
  const failure =
    error instanceof Failure && error.code === DOCUMENT_ERROR
      ? error
      : new Failure(DOCUMENT_ERROR, explain(error), { cause: error });
  const details: Detail[] | undefined = failure.details;
  const { id: call_id } = request.call;
  const fields = request.mask({ url: bare(request.url), error: explain(error), details });
  log.warn({ call_id, ...fields }, 'an application gave no actions');
  return failure;
}

/** Without the query and the user's name and password, which may be secret. */
const bare = (url: string): string => url.split(/[?#]/)[0]!.replace(/\/\/[^/]*@/, '//');
