import { type Action, checkDocument } from '../../contract/actions/index.ts';
import { Failure } from '../core/index.ts';
import { type Flow, maskDigits } from './flow.ts';
import type { Documents } from './ports.ts';

/** The error code of a document that could not be fetched, or is invalid. It ends the flow. */
export const DOCUMENT_ERROR = 'answer_url_error';

interface NextRequest {
  url: string;
  method: 'GET' | 'POST';
  reason: 'answer' | 'redirect';
}

/**
 * Fetches the actions at `url`. If that fails, fetches those at the application's fallback URL, once per call.
 * @throws Failure `answer_url_error`, of the fallback URL if that was requested.
 */
export async function nextDocument(flow: Flow, request: NextRequest): Promise<Action[]> {
  try {
    return await fetchDocument(flow, request);
  } catch (error) {
    const { fallbackAnswerUrl, answerMethod } = flow.settings;
    if (!isDocumentError(error) || flow.signal.aborted || !fallbackAnswerUrl || flow.fallbackUsed)
      throw error;
    flow.fallbackUsed = true;
    return await fetchDocument(flow, { ...request, url: fallbackAnswerUrl, method: answerMethod });
  }
}

export function isDocumentError(error: unknown): error is Failure {
  return error instanceof Failure && error.code === DOCUMENT_ERROR;
}

function fetchDocument(flow: Flow, request: NextRequest): Promise<Action[]> {
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
        maskGathered(flow);
    },
  });
}

/** The result of the last gather. Sensitive digits are sent in bodies only: queries end up in logs and histories. */
function gatheredFor(
  { gathered, hasSensitiveDigits }: Flow,
  method: 'GET' | 'POST',
): Record<string, unknown> {
  if (!gathered) return {};
  return hasSensitiveDigits && method === 'GET'
    ? { ...gathered, digits: maskDigits(gathered.digits) }
    : { ...gathered };
}

/** Masks sensitive digits once a server has accepted them: later requests do not get them. */
function maskGathered(flow: Flow): void {
  if (!flow.gathered || !flow.hasSensitiveDigits) return;
  flow.gathered = { ...flow.gathered, digits: maskDigits(flow.gathered.digits) };
  flow.hasSensitiveDigits = false;
}

/** Built-in documents: a fresh installation answers calls before there is any application. */
const BUILTIN: Record<string, object[]> = {
  'builtin:demo': [
    { say: { text: 'Welcome to Mini Voice. Your server is running.' } },
    { gather: { prompt: 'Please press any key.', num_digits: 1, timeout_seconds: 10 } },
    { say: { text: 'Thank you. Please leave a message after the tone, then press a key, or hang up.' } },
    { start_recording: { beep: true, max_seconds: 60 } },
    { gather: { num_digits: 1, timeout_seconds: 30 } },
    { stop_recording: {} },
    { say: { text: 'Your message is saved. Goodbye.' } },
  ],
};

/** Adds the built-in documents, whose URLs begin with `builtin:`. */
export function withBuiltinDocuments(documents: Documents): Documents {
  return {
    fetch: async (request) => {
      if (!request.url.startsWith('builtin:')) return documents.fetch(request);
      return builtinDocument(request.url);
    },
  };
}

function builtinDocument(url: string): Action[] {
  const verdict = checkDocument({ actions: BUILTIN[url] });
  if (verdict.ok) return verdict.actions;
  throw new Failure(DOCUMENT_ERROR, `There is no built-in document ${url}.`);
}
