import { MAX_DOCUMENT_BYTES, type Verdict } from '../../contract/actions/index.ts';
import { ANSWER_TIMEOUT_MS } from '../../contract/answer-request.ts';
import { presentCall, storedText } from '../calls/index.ts';
import { type Clock, type Detail, explain, Failure, type Log } from '../core/index.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../net/index.ts';
import { signatureHeaders, urlSignatureHeader } from '../webhooks/index.ts';
import { DOCUMENT_ERROR } from './documents.ts';
import type { DocumentRequest, Documents } from './ports.ts';

/** What the fetcher of documents needs from other modules. */
export interface DocumentFetcherDeps {
  http: HttpClient;
  clock: Clock;
  log: Log;
  /**
   * `checkDocumentText` of the contract, with the operator's options.
   * @param base the URL of the document. @param applicationId the application that it belongs to.
   */
  check(text: string, base: string, applicationId: string): Verdict;
}

/** The part of a response that is stored on the timeline. */
const STORED_BYTES = 64 * 1024;

/** Fetches documents over HTTP: 5 s per request, one retry after a network error or 5xx, no redirects. */
export function createDocumentFetcher(deps: DocumentFetcherDeps): Documents {
  return {
    async fetch(request) {
      try {
        const response = await send(request, deps).catch((error) => {
          if (!isRetryable(error) || request.signal.aborted) throw error;
          return send(request, deps);
        });
        return actionsOf(response, (text) => deps.check(text, request.url, request.call.applicationId));
      } catch (error) {
        request.signal.throwIfAborted();
        throw documentError(request, error, deps.log);
      }
    },
  };
}

/** The server responded with 5xx. */
class ServerError extends Error {}

/** Whether to retry. Not after a timeout: the caller has waited, and the server may still be at work. */
function isRetryable(error: unknown): boolean {
  if (error instanceof ServerError) return true;
  return error instanceof Failure && ['connect_failed', 'tls_failed', 'answer_broken'].includes(error.code);
}

/** Sends one request and reports the exchange, also if it fails. */
async function send(request: DocumentRequest, { http, clock }: DocumentFetcherDeps): Promise<HttpResponse> {
  const startedAt = clock.monotonic();
  // The URL without the added query, which may contain digits that must not be stored.
  const exchange = { url: request.url, method: request.method };
  const response = await http.request(httpRequestOf(request, clock)).catch((error) => {
    const duration_ms = Math.round(clock.monotonic() - startedAt);
    request.onExchange({ ...exchange, status: null, duration_ms, error: explain(error) });
    throw error;
  });
  const { status, headers, durationMs: duration_ms } = response;
  const error = status >= 200 && status < 300 ? null : `the server answered with ${status}`;
  request.onExchange({
    ...exchange,
    status,
    duration_ms,
    headers,
    body: storedText(response.body, STORED_BYTES, request.mask),
    error,
  });
  if (error === null) return response;
  throw status >= 500 ? new ServerError(error) : new Failure(DOCUMENT_ERROR, error);
}

function httpRequestOf(request: DocumentRequest, clock: Clock): HttpRequest {
  const { method, secrets, signal } = request;
  const timestamp = Math.floor(clock.now() / 1000);
  const url = method === 'POST' ? request.url : withQuery(request);
  const body = method === 'POST' ? bodyOf(request) : '';
  const signature = signatureHeaders(timestamp, body, secrets);
  // The signature over an empty body does not cover the query.
  const urlSignature = method === 'GET' ? urlSignatureHeader(timestamp, method, url, secrets) : {};
  return {
    url,
    method,
    headers: { ...HEADERS[method], ...signature, ...urlSignature },
    ...(body ? { body } : {}),
    timeoutMs: ANSWER_TIMEOUT_MS,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
    tenant: request.call.customerId,
    signal,
  };
}

const COMMON = { Accept: 'application/json', 'User-Agent': 'MiniVoice' };
const HEADERS = { GET: COMMON, POST: { ...COMMON, 'Content-Type': 'application/json' } };

function bodyOf({ reason, call, data }: DocumentRequest): string {
  return JSON.stringify({ reason, call: presentCall(call), variables: call.variables, data });
}

/** The URL as it is requested: normalized (WHATWG URL), with our query appended to its own. */
function withQuery({ url, reason, call, data }: DocumentRequest): string {
  const { id: call_id, direction, from, to } = call;
  const query = new URLSearchParams({ reason, call_id, direction, from, to });
  if (typeof data['digits'] === 'string') query.set('digits', data['digits']);
  if (typeof data['status'] === 'string') query.set('gather_status', data['status']);
  const [base] = url.split('#') as [string];
  const full = `${base}${base.includes('?') ? '&' : '?'}${query}`;
  return URL.parse(full)?.href ?? full;
}

function actionsOf(response: HttpResponse, check: (text: string) => Verdict) {
  const verdict = verdictOf(response, check);
  if (verdict.ok) return verdict.actions;
  throw new Failure(DOCUMENT_ERROR, 'invalid action payload', { details: verdict.details });
}

function verdictOf({ body, truncated }: HttpResponse, check: (text: string) => Verdict): Verdict {
  const invalid = (code: 'payload_too_large' | 'invalid_json', message: string): Verdict => {
    return { ok: false, details: [{ pointer: '', code, message }] };
  };
  if (truncated) return invalid('payload_too_large', 'the document must be at most 1 MiB long');
  try {
    return check(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return invalid('invalid_json', 'the document is not text in UTF-8');
  }
}

/** Logs why there are no actions, and returns the error that ends the flow. */
function documentError(request: DocumentRequest, error: unknown, log: Log): Failure {
  const failure =
    error instanceof Failure && error.code === DOCUMENT_ERROR
      ? error
      : new Failure(DOCUMENT_ERROR, explain(error), { cause: error });
  const details: Detail[] | undefined = failure.details;
  const { id: call_id } = request.call;
  const fields = request.mask({ url: withoutSecrets(request.url), error: explain(error), details });
  log.warn({ call_id, ...fields }, 'could not fetch actions from answer_url');
  return failure;
}

/** A URL without its query, user name and password, which may be secret. */
const withoutSecrets = (url: string): string => url.split(/[?#]/)[0]!.replace(/\/\/[^/]*@/, '//');
