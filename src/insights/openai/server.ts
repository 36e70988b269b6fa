import { Failure } from '../../core/index.ts';

/** The HTTP client that calls a server. */
export interface Http {
  request(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string | Buffer;
    timeoutMs: number;
    maxResponseBytes: number;
    tenant?: string | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<{ status: number; body: Buffer; truncated: boolean }>;
}

/** An OpenAI-compatible server and the client to call it with. */
export interface OpenAiServer {
  http: Http;
  /** Includes the version, without a trailing slash. */
  baseUrl: string;
  apiKey: string | null;
  model: string;
}

/** A model may take minutes. */
const TIMEOUT_MS = 300_000;
const MAX_ANSWER = 10 * 1024 * 1024;

/**
 * Posts a form, or a value as JSON, and reads the JSON of the answer. Rejects with `ai_endpoint_failed` or an error of the
 * HTTP client.
 */
export async function ask(
  { http, baseUrl, apiKey }: OpenAiServer,
  path: string,
  content: FormData | Record<string, unknown>,
  signal: AbortSignal,
): Promise<unknown> {
  const { type, body } = await encode(content);
  const answer = await http.request({
    url: `${baseUrl}${path}`,
    method: 'POST',
    headers: { 'content-type': type, ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }) },
    body,
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_ANSWER,
    signal,
  });
  if (answer.status < 200 || answer.status > 299) throw unusable(`it answered with ${answer.status}`);
  if (answer.truncated) throw unusable('its answer is too large');
  try {
    return JSON.parse(answer.body.toString());
  } catch (cause) {
    throw unusable('its answer is not JSON', cause);
  }
}

/** Encodes a form as `multipart/form-data`, anything else as JSON. */
async function encode(
  content: FormData | Record<string, unknown>,
): Promise<{ type: string; body: string | Buffer }> {
  if (!(content instanceof FormData)) return { type: 'application/json', body: JSON.stringify(content) };
  const encoded = new Response(content);
  const body = Buffer.from(await encoded.arrayBuffer());
  return { type: encoded.headers.get('content-type')!, body };
}

/** Makes the failure for an answer that cannot be used. */
export const unusable = (why: string, cause?: unknown): Failure =>
  new Failure('ai_endpoint_failed', `could not use the answer of the AI server: ${why}`, { cause });
