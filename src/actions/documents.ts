import type { Action } from '../../contract/actions/index.ts';
import { Failure } from '../core/index.ts';
import type { Flow } from './flow.ts';
import { masked } from './perform/gather.ts';

/** The code with which a document that cannot be had, or is invalid, ends the flow. */
export const DOCUMENT_ERROR = 'answer_url_error';

/**
 * Asks for the actions at `url`, and, when that fails, once in a call at the application's fallback URL.
 * Fails with `answer_url_error`, with what was wrong at the fallback if that was asked.
 */
export async function nextDocument(
  flow: Flow,
  request: { url: string; method: 'GET' | 'POST'; reason: 'answer' | 'redirect' },
): Promise<Action[]> {
  try {
    return await fetchDocument(flow, request);
  } catch (error) {
    const fallback = flow.settings.fallbackAnswerUrl;
    if (!isDocumentError(error) || flow.signal.aborted || !fallback || flow.fallbackAsked) throw error;
    flow.fallbackAsked = true;
    return await fetchDocument(flow, { ...request, url: fallback, method: flow.settings.answerMethod });
  }
}

export function isDocumentError(error: unknown): error is Failure {
  return error instanceof Failure && error.code === DOCUMENT_ERROR;
}

function fetchDocument(
  flow: Flow,
  request: { url: string; method: 'GET' | 'POST'; reason: 'answer' | 'redirect' },
): Promise<Action[]> {
  const { session, services, settings, signal } = flow;
  return services.documents.fetch({
    ...request,
    call: session.record,
    data: request.reason === 'redirect' ? gatheredFor(flow, request.method) : {},
    secrets: settings.webhookSecrets,
    signal,
    mask: (data) => session.mask(data),
    onExchange(exchange) {
      const { status } = exchange;
      session.note('request', { reason: request.reason, ...exchange });
      if (request.method === 'POST' && typeof status === 'number' && status >= 200 && status < 300)
        keepMasked(flow);
    },
  });
}

/** A query is kept in logs and histories everywhere: sensitive digits go into bodies only. */
function gatheredFor({ gathered, gatheredInSecret }: Flow, method: 'GET' | 'POST'): Record<string, unknown> {
  if (!gathered) return {};
  return gatheredInSecret && method === 'GET'
    ? { ...gathered, digits: masked(gathered.digits) }
    : { ...gathered };
}

/** Somebody has accepted the sensitive digits: later requests are not sent them again. */
function keepMasked(flow: Flow): void {
  if (!flow.gathered || !flow.gatheredInSecret) return;
  flow.gathered = { ...flow.gathered, digits: masked(flow.gathered.digits) };
  flow.gatheredInSecret = false;
}
