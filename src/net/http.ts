import { createRequire } from 'node:module';
import type * as Undici from 'undici';
import { type Clock, explain, Failure, systemClock } from '../core/index.ts';
import { checkLiteral, guardedLookup, type Resolve } from './address-guard.ts';
import { HttpExchange, type HttpRequest, type HttpResponse } from './http-exchange.ts';
import { systemResolve } from './name-service.ts';
import { OriginQueues } from './origin-queues.ts';

/** An HTTP client for customers' URLs. It connects only to allowed addresses and follows no redirects. */
export interface HttpClient {
  /**
   * @throws Failure `url_not_allowed`, `address_not_allowed`, `connect_failed`, `tls_failed`, `timeout`,
   * `answer_broken`, `answer_too_large`.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Fails running requests and closes all connections. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Allows loopback, private and link-local addresses. */
  allowPrivate: boolean;
  clock?: Clock;
  resolve?: Resolve;
  /** The limit per scheme, host and port; further requests wait. Default: 256. */
  maxConnections?: number;
  /** Further certificate authorities to trust, in PEM. */
  ca?: string | Buffer;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Loads undici when the first client is created: media threads, which use other parts of this module, never do. */
const loadUndici = () => createRequire(import.meta.url)('undici') as typeof Undici;

/** Creates a client that reuses connections. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { allowPrivate, clock = systemClock, maxConnections = 256 } = options;
  const { Agent, Pool, buildConnector } = loadUndici();
  const connect = guardedConnector(options, buildConnector);
  const agent = new Agent({
    factory: (origin) => new Pool(origin, { connections: maxConnections, connect, ...NO_TIMEOUTS }),
  });
  const queues = new OriginQueues(clock, maxConnections);
  const request = async (request: HttpRequest): Promise<HttpResponse> => {
    request.signal?.throwIfAborted();
    const { origin, pathname, search } = checkUrl(request.url, allowPrivate);
    const exchange = new HttpExchange(request, clock);
    const { method, headers = {}, body = null } = request;
    const dispatch = () => {
      agent.dispatch({ origin, path: pathname + search, method, headers, body }, exchange);
      return exchange.response;
    };
    queues.run(origin, request.tenant, exchange, dispatch).catch((error) => exchange.refuse(error));
    return exchange.response;
  };
  return { request, close: () => agent.destroy() };
}

// `HttpExchange` limits the time of the whole exchange; undici's limits for its parts are not needed.
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

function checkUrl(text: string, allowPrivate: boolean): URL {
  const url = URL.parse(text);
  if (!url) throw new Failure('url_not_allowed', 'the URL is not an absolute http or https URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Failure('url_not_allowed', `the URL must begin with http: or https:, not with ${url.protocol}`);
  }
  if (url.username || url.password) {
    throw new Failure('url_not_allowed', 'the URL must not contain a user name or password');
  }
  if (!allowPrivate) checkLiteral(url.hostname);
  return url;
}

function guardedConnector(
  { allowPrivate, resolve = systemResolve, ca }: HttpClientOptions,
  buildConnector: typeof Undici.buildConnector,
) {
  const connector = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(resolve, allowPrivate),
    ...(ca ? { ca } : {}),
  });
  const connect: Undici.buildConnector.connector = (options, callback) => {
    connector(options, (error, socket) => {
      if (error) callback(connectFailure(error, options), null);
      else callback(null, socket!);
    });
  };
  return connect;
}

const UNREACHABLE =
  /^(ECONN|EAI_|ENOTFOUND|ENODATA|ETIMEDOUT|EHOST|ENET|EADDR|EACCES|EPERM|EMFILE|EPIPE|UND_ERR_CONNECT)/;

function connectFailure(error: Error, { protocol, host }: Undici.buildConnector.Options): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: string }).code ?? '';
  const tls = protocol === 'https:' && !UNREACHABLE.test(code);
  const what = tls ? `no secure connection to ${host}` : `cannot connect to ${host}`;
  return new Failure(tls ? 'tls_failed' : 'connect_failed', `${what}: ${explain(error)}`, { cause: error });
}
