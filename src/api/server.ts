import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Failure } from '../core/index.ts';
import { authorize, type Identity, identify } from './auth.ts';
import { isForwarded } from './client-address.ts';
import { errorBody, errorHandler } from './failures.ts';
import { checkInput, checkUrls, readBody } from './input.ts';
import type { Metrics } from './metrics.ts';
import type { ApiDeps } from './ports.ts';
import { limitRates } from './rate-limits.ts';
import type { Route, Services } from './route.ts';
import { ROUTES } from './routes/index.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated client, set before anything else happens with the request. */
    identity: Identity;
  }
}

/** A request id that the client may choose: an RFC 9110 §5.6.2 token of reasonable length. */
const REQUEST_ID = /^[\w.:-]{1,100}$/;
/** The default body limit. */
const MAX_BYTES = 256 * 1024;
const HEALTH_PATHS = ['/healthz', '/readyz'];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Each connection uses a file descriptor; calls need some too. */
const MAX_CONNECTIONS = 1_000;
/**
 * Restricts what browsers do with a response. Other sites cannot frame or read it, no script runs, and nothing is
 * cached.
 */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Creates the HTTP server with all routes. */
export function buildServer(deps: ApiDeps): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BYTES,
    // Closes the connection of a client that sends its request too slowly.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: false },
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : deps.random.uuid();
    },
    frameworkErrors: (error, request, reply) => {
      reply.header('X-Request-Id', request.id).headers(SECURITY_HEADERS);
      errorHandler(deps.log)(error, request, reply as FastifyReply);
    },
    clientErrorHandler: refuseNonHttp,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const metrics = metricsOf(deps);
  const services = servicesOf(deps, metrics);
  app.setErrorHandler(errorHandler(deps.log));
  app.setNotFoundHandler(({ method, url }) => {
    const route = `${method} ${url.split('?', 1)[0]!.slice(0, 200)}`;
    throw new Failure('not_found', `there is no route ${route}: GET /openapi.json lists all routes`);
  });
  keepBodiesAsText(app);
  addHooks(app, deps, metrics);
  limitRates(app, deps, (request) => signedFileOf(request, services));
  app.register(async (scope) => {
    for (const route of ROUTES) mount(scope, route, services);
    refuseMethods(scope);
  });
  return app;
}

type LazyMetrics = () => Promise<Metrics>;

/** Loads the metrics with the first request: their packages take a tenth of the time of a start. */
function metricsOf(deps: ApiDeps): LazyMetrics {
  return loadedOnce(() => import('./metrics.ts').then(({ Metrics }) => new Metrics(deps)));
}

/** Loads a value with the first call. If that fails, the next call loads it again. */
function loadedOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  const forget = (error: unknown) => {
    loading = undefined;
    throw error;
  };
  return () => (loading ??= load().catch(forget));
}

function servicesOf(deps: ApiDeps, metrics: LazyMetrics): Services {
  return {
    ...deps,
    metrics: async () => (await metrics()).text(),
    openapi: loadedOnce(() => openApiText(deps.settings.version)),
  };
}

/** Loads the generator of the document only now: most servers are never asked for it. */
async function openApiText(version: string): Promise<string> {
  const { openApi } = await import('./openapi.ts');
  return JSON.stringify(openApi(ROUTES, version));
}

/** Keeps bodies as text: parsing happens later and reports the place of a syntax error. */
function keepBodiesAsText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
}

/** Authenticates each request before anything else, and logs and counts it afterwards. */
function addHooks(app: FastifyInstance, { directory, settings, log }: ApiDeps, metrics: LazyMetrics): void {
  const credentials = {
    adminToken: settings.adminToken,
    metricsToken: settings.metrics?.token ?? '',
    authenticate: (key: string) => directory.authenticate(key),
  };
  app.decorateRequest('identity');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id).headers(SECURITY_HEADERS);
    request.identity = identify(request.headers.authorization, credentials);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { id, method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode: status, elapsedTime } = reply;
    log.debug({ request_id: id, method, route, status, ms: Math.round(elapsedTime) }, 'request completed');
    (await metrics()).observe(method, route, status, elapsedTime / 1000);
  });
}

/** Whether a route needs neither key nor token for this request. */
function isPublic({ auth }: Route, request: FastifyRequest, services: Services): boolean {
  if (auth === 'signed_url') return verifiedFile(request, services) !== undefined;
  // Through a proxy on this machine, every request comes from the loopback address.
  const { open = true } = services.settings.metrics ?? {};
  return auth === 'metrics' && open && !isForwarded(request.headers);
}

function mount(app: FastifyInstance, route: Route, services: Services): void {
  const { method, path: url, auth, maxBytes = MAX_BYTES } = route;
  app.route({
    method,
    url,
    bodyLimit: maxBytes,
    // Health checks work however many other requests there are.
    ...(HEALTH_PATHS.includes(url) ? { config: { rateLimit: false } } : {}),
    // After the rate limit, so that requests without a key count too; before the body is read.
    preParsing: async (request) => {
      if (!isPublic(route, request, services)) authorize(auth, request.identity);
    },
    handler: (request, reply) => perform(route, services, request, reply),
  });
}

/** The query of a route without query parameters. A signed URL has two. */
const NO_QUERY = z.strictObject({ expires: z.string().optional(), signature: z.string().optional() });

async function perform(route: Route, services: Services, request: FastifyRequest, reply: FastifyReply) {
  const text = typeof request.body === 'string' ? request.body : '';
  const isPublicRequest = isPublic(route, request, services);
  reply.code(route.status ?? 200);
  const accepted = route.query ?? (route.auth === 'none' ? z.unknown() : NO_QUERY);
  const query = checkInput(accepted, request.query, 'query parameter');
  const body = route.body ? checkInput(route.body, readBody(text)) : undefined;
  checkUrls(body, services.settings);
  const response = await route.handle({
    params: request.params,
    query,
    body,
    text,
    // `route()` has checked that the handler's type fits `auth`.
    client: (isPublicRequest ? null : authorize(route.auth, request.identity)) as never,
    services,
    request,
    reply,
  });
  return reply.send(response);
}

const SIGNED_PATHS = new Set(ROUTES.filter(({ auth }) => auth === 'signed_url').map(({ path }) => path));

/** Like `verifiedFile`, for a request of any route. */
const signedFileOf = (request: FastifyRequest, services: Services): string | undefined =>
  SIGNED_PATHS.has(request.routeOptions.url ?? '') ? verifiedFile(request, services) : undefined;

/** The id of the recording whose file a request may read by the signature of its URL. */
function verifiedFile({ params, query }: FastifyRequest, { links }: Services): string | undefined {
  const { expires, signature } = query as Record<string, unknown>;
  const { id } = params as { id?: string };
  if (id === undefined || typeof expires !== 'string' || typeof signature !== 'string') return undefined;
  return links.verify(id, expires, signature) ? id : undefined;
}

/** Responds with 405 and the allowed methods to all other methods of each path. */
function refuseMethods(app: FastifyInstance): void {
  for (const [url, routes] of Map.groupBy(ROUTES, ({ path }) => path)) {
    const declared = routes.map(({ method }) => method as string);
    const allow = declared.includes('GET') ? [...declared, 'HEAD'] : declared;
    app.route({
      method: METHODS.filter((method) => !declared.includes(method)),
      url,
      onRequest: async (_request, reply) => {
        reply.header('Allow', allow.join(', '));
        throw new Failure('method_not_allowed', `${url} allows ${allow.join(', ')}`);
      },
      handler: () => undefined,
    });
  }
}

/** Responds with an error to bytes that are not HTTP, and closes the connection. */
function refuseNonHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(new Failure('invalid_request', 'the request is not valid HTTP')));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
