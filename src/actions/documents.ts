import type { Action } from '../../contract/actions/index.ts';
import { Failure } from '../kit/index.ts';
import type { Flow } from './flow.ts';

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
    data: request.reason === 'redirect' && flow.gathered ? { ...flow.gathered } : {},
    secrets: settings.webhookSecrets,
    signal,
    onExchange: (exchange) => session.note('request', { reason: request.reason, ...exchange }),
  });
}
