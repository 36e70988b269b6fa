import { type Clock, Failure } from '../core/index.ts';
import type { HttpClient } from './http.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

/** Options of `requestFollowing`. */
export interface RedirectOptions {
  clock: Clock;
  /** Allows redirects from https to http, for development. */
  allowDowngrade: boolean;
  /** Further headers by URL: a cache validator is sent only to the URL that returned it. */
  headersFor?: (url: string) => Record<string, string>;
}

/** RFC 9110 §15.4 mentions this limit, which ends every loop. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a GET or HEAD request and follows redirects.
 *
 * The client checks the address of every URL. `timeoutMs` limits the whole chain. Rejects as the client does, and with
 * `url_not_allowed`, for instance for a redirect from https to http.
 * @returns the last response and its URL.
 */
export async function requestFollowing(
  http: HttpClient,
  request: HttpRequest & { method: 'GET' | 'HEAD' },
  { clock, allowDowngrade, headersFor = () => ({}) }: RedirectOptions,
): Promise<HttpResponse & { url: string }> {
  const deadline = clock.monotonic() + request.timeoutMs;
  let { url } = request;
  for (let redirects = 0; ; redirects++) {
    const timeoutMs = Math.max(1, Math.ceil(deadline - clock.monotonic()));
    const headers = { ...request.headers, ...headersFor(url) };
    const response = await http.request({ ...request, url, headers, timeoutMs });
    const { location } = response.headers;
    if (!REDIRECTS.has(response.status) || location === undefined) return { ...response, url };
    if (redirects === MAX_REDIRECTS)
      throw new Failure('url_not_allowed', `the server redirects more than ${MAX_REDIRECTS} times`);
    url = nextUrl(url, location, allowDowngrade);
  }
}

function nextUrl(from: string, location: string, allowDowngrade: boolean): string {
  const next = URL.parse(location, from);
  if (!next) throw new Failure('url_not_allowed', 'the server redirects to something that is not a URL');
  if (!allowDowngrade && from.toLowerCase().startsWith('https:') && next.protocol !== 'https:')
    throw new Failure('url_not_allowed', `the server redirects from https to ${next.protocol}//${next.host}`);
  next.hash = '';
  return next.href;
}
