import { type Clock, Failure } from '../core/index.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http.ts';

/** How redirects are followed. */
export interface RedirectOptions {
  clock: Clock;
  /** Lets a redirect lead from https to http: for development. */
  allowDowngrade: boolean;
  /** Headers for one of the URLs, where they differ: validators belong to the URL that gave them. */
  headersFor?: (url: string) => Record<string, string>;
}

/** RFC 9110 §15.4 mentions this limit. It ends every loop. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * A GET or HEAD that follows redirects. Every URL on the way passes the address guard of the client, none may lead from
 * https to http, and `timeoutMs` is for all of it. Fails as the client does, and with `url_not_allowed`.
 * @returns the last answer, and the URL that gave it.
 */
export async function requestFollowing(
  http: HttpClient,
  request: HttpRequest & { method: 'GET' | 'HEAD' },
  { clock, allowDowngrade, headersFor = () => ({}) }: RedirectOptions,
): Promise<HttpAnswer & { url: string }> {
  const deadline = clock.monotonic() + request.timeoutMs;
  let { url } = request;
  for (let redirects = 0; ; redirects++) {
    const timeoutMs = Math.max(1, Math.ceil(deadline - clock.monotonic()));
    const headers = { ...request.headers, ...headersFor(url) };
    const answer = await http.request({ ...request, url, headers, timeoutMs });
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return { ...answer, url };
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
