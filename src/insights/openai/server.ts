import { Failure } from '../../core/index.ts';

/** The part of an HTTP client that is needed here. */
export interface Http {
  request(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string | Buffer;
    timeoutMs: number;
    maxAnswerBytes: number;
    tenant?: string | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<{ status: number; body: Buffer; truncated: boolean }>;
}

/** A server that speaks as OpenAI's does, and how to ask it. */
export interface OpenAiServer {
  http: Http;
  /** With the version and without a slash at the end. */
  baseUrl: string;
  apiKey: string | null;
  model: string;
}

/** Models think for a while. */
const TIMEOUT_MS = 300_000;
const MAX_ANSWER = 10 * 1024 * 1024;

/** Asks, and reads JSON. Fails with `ai_endpoint_failed`, or as the HTTP client does. */
export async function ask(
  { http, baseUrl, apiKey }: OpenAiServer,
  path: string,
  { type, body }: { type: string; body: string | Buffer },
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await http.request({
    url: `${baseUrl}${path}`,
    method: 'POST',
    headers: { 'content-type': type, ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }) },
    body,
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ANSWER,
    signal,
  });
  if (answer.status < 200 || answer.status > 299) throw unusable(`it answered with ${answer.status}`);
  if (answer.truncated) throw unusable('its answer was too large');
  try {
    return JSON.parse(answer.body.toString());
  } catch (cause) {
    throw unusable('its answer is not JSON', cause);
  }
}

/** The server did not do what it was asked for. */
export const unusable = (why: string, cause?: unknown): Failure =>
  new Failure('ai_endpoint_failed', `the AI server's answer could not be used: ${why}`, { cause });
