import { Agent, buildConnector, Pool } from 'undici';
import { type Clock, explain, Failure, systemClock } from '../core/index.ts';
import { checkLiteral, guardedLookup, type Resolve } from './address-guard.ts';
import { HttpExchange } from './http-exchange.ts';
import { systemResolve } from './name-service.ts';
import { OriginQueues } from './origin-queues.ts';

/** A request to a server that a customer has named. */
export interface HttpRequest {
  /** Absolute, http or https, without user name and password. */
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** For the whole exchange: waiting for a connection, connecting, asking, and the last byte of the answer. */
  timeoutMs: number;
  /** The answer's body is cut here, and the connection given up. */
  maxAnswerBytes: number;
  /**
   * Where only the status counts: a body that breaks off or does not end in time makes the answer
   * `truncated` instead of a failure.
   */
  headIsEnough?: boolean;
  /** Takes the body of a 2xx answer piece by piece as it comes; it is then not kept, and not cut. */
  onData?: (chunk: Buffer) => void;
  /** For whom it is made: tenants share the connections to an origin. */
  tenant?: string | undefined;
  /** Ends the exchange; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case; values that came more than once are joined by `, `. */
  headers: Record<string, string>;
  body: Buffer;
  /** The body is not whole. */
  truncated: boolean;
  durationMs: number;
}

/** Outgoing HTTP that no URL can turn against the machine it runs on. Redirects are answers, never followed. */
export interface HttpClient {
  /**
   * @throws Failure `url_not_allowed`, `address_not_allowed`, `connect_failed`, `tls_failed`, `timeout`,
   * `answer_broken`, `answer_too_large`.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends what is running and closes all connections. */
  close(): Promise<void>;
}

/** What an `HttpClient` can be given. */
export interface HttpClientOptions {
  /** Lets URLs reach loopback, private and link-local addresses. */
  allowPrivate: boolean;
  clock?: Clock;
  resolve?: Resolve;
  /** To one scheme, host and port; more requests wait their turn. */
  maxConnections?: number;
  /** More authorities to trust, in PEM. */
  ca?: string | Buffer;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Keeps connections open for the next request, up to `maxConnections` (default 256) an origin. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { allowPrivate, clock = systemClock, maxConnections = 256 } = options;
  const connect = guardedConnector(options);
  const agent = new Agent({
    factory: (origin) => new Pool(origin, { connections: maxConnections, connect, ...OWN_TIMEOUTS }),
  });
  const queues = new OriginQueues(clock, maxConnections);
  const request = async (request: HttpRequest): Promise<HttpAnswer> => {
    request.signal?.throwIfAborted();
    const { origin, pathname, search } = checkUrl(request.url, allowPrivate);
    const exchange = new HttpExchange(request, clock);
    const { method, headers = {}, body = null } = request;
    const over = new AbortController();
    const dispatch = () => {
      agent.dispatch({ origin, path: pathname + search, method, headers, body }, exchange);
      return exchange.answer;
    };
    queues.run(origin, request.tenant, over.signal, dispatch).catch((error) => exchange.refuse(error));
    return exchange.answer.finally(() => over.abort());
  };
  return { request, close: () => agent.destroy() };
}

// The exchange watches the time for the whole; undici's timers, one for each part, would only add to it.
const OWN_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

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

function guardedConnector({ allowPrivate, resolve = systemResolve, ca }: HttpClientOptions) {
  const connector = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(resolve, allowPrivate),
    ...(ca ? { ca } : {}),
  });
  const connect: buildConnector.connector = (options, callback) => {
    connector(options, (error, socket) => {
      if (error) callback(connectFailure(error, options), null);
      else callback(null, socket!);
    });
  };
  return connect;
}

const UNREACHABLE =
  /^(ECONN|EAI_|ENOTFOUND|ENODATA|ETIMEDOUT|EHOST|ENET|EADDR|EACCES|EPERM|EMFILE|EPIPE|UND_ERR_CONNECT)/;

function connectFailure(error: Error, { protocol, host }: buildConnector.Options): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: string }).code ?? '';
  const tls = protocol === 'https:' && !UNREACHABLE.test(code);
  const what = tls ? `no secure connection to ${host}` : `cannot connect to ${host}`;
  return new Failure(tls ? 'tls_failed' : 'connect_failed', `${what}: ${explain(error)}`, { cause: error });
}
