import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Failure } from '../core/index.ts';
import { admit, type Identity, identify } from './auth.ts';
import { isForwarded } from './client-address.ts';
import { answerFailure, errorBody } from './failures.ts';
import { checkInput, readBody } from './input.ts';
import { Metrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import type { ApiPorts } from './ports.ts';
import { limitRates } from './rate-limits.ts';
import type { Route, Services } from './route.ts';
import { ROUTES } from './routes.ts';
import { checkUrls } from './urls.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the request comes from, found before anything else is done with it. */
    identity: Identity;
  }
}

/** RFC 9110 §5.6.2 tokens of a sensible length: a caller's own id for the request is kept. */
const REQUEST_ID = /^[\w.:-]{1,100}$/;
/** Of a body whose route says nothing else: what is stored is smaller still. */
const MAX_BYTES = 256 * 1024;
const HEALTH = ['/healthz', '/readyz'];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Each holds a file descriptor, of which calls need some too. */
const MAX_CONNECTIONS = 1_000;
/**
 * What browsers are to make of an answer: nothing but what it is. No page of others may frame it or read it, no
 * script runs, and nothing of it is kept on disk.
 */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** The HTTP server with all routes, not listening yet; `prepare` does what would hold up a first request. */
export function buildServer(ports: ApiPorts): FastifyInstance & { prepare(): void } {
  const app = fastify({
    bodyLimit: MAX_BYTES,
    // A client that sends a byte now and then does not hold a connection for ever.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: false },
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : ports.random.uuid();
    },
    frameworkErrors: (error, request, reply) => {
      reply.header('X-Request-Id', request.id).headers(HEADERS);
      answerFailure(ports.log)(error, request, reply as FastifyReply);
    },
    clientErrorHandler: refuseGarbage,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const metrics = new Metrics(ports);
  const services = servicesOf(ports, metrics);
  app.setErrorHandler(answerFailure(ports.log));
  app.setNotFoundHandler(({ method, url }) => {
    const route = `${method} ${url.split('?', 1)[0]!.slice(0, 200)}`;
    throw new Failure('not_found', `there is no route ${route}: GET /openapi.json lists all of them`);
  });
  readTexts(app);
  watch(app, ports, metrics);
  limitRates(app, ports, (request) => linkOf(request, services));
  app.register(async (scope) => {
    for (const route of ROUTES) mount(scope, route, services);
    refuseMethods(scope);
  });
  return Object.assign(app, { prepare: () => void services.openapi() });
}

function servicesOf(ports: ApiPorts, metrics: Metrics): Services {
  let description: string | undefined;
  return {
    ...ports,
    metrics: () => metrics.text(),
    openapi: () => (description ??= JSON.stringify(openApi(ROUTES, ports.settings.version))),
  };
}

/** Bodies are read as text: whoever takes one makes JSON of it and can say where it is broken. */
function readTexts(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
}

function watch(app: FastifyInstance, { directory, settings, log }: ApiPorts, metrics: Metrics): void {
  const keeper = {
    adminToken: settings.adminToken,
    metricsToken: settings.metrics?.token ?? '',
    authenticate: (key: string) => directory.authenticate(key),
  };
  app.decorateRequest('identity');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id).headers(HEADERS);
    request.identity = identify(request.headers.authorization, keeper);
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    const { id, method } = request;
    const ms = Math.round(reply.elapsedTime);
    log.debug({ request_id: id, method, route, status: reply.statusCode, ms }, 'request answered');
  });
}

/** Whether whoever asks needs neither key nor token for a route. */
function isOpen({ auth }: Route, request: FastifyRequest, services: Services): boolean {
  if (auth === 'link') return linkedFile(request, services) !== undefined;
  // Behind a proxy the loopback address is everybody's.
  const { open = true } = services.settings.metrics ?? {};
  return auth === 'metrics' && open && !isForwarded(request.headers);
}

function mount(app: FastifyInstance, route: Route, services: Services): void {
  const { method, path: url, auth, maxBytes = MAX_BYTES } = route;
  app.route({
    method,
    url,
    bodyLimit: maxBytes,
    // Whoever watches the server hears from it however many others ask.
    ...(HEALTH.includes(url) ? { config: { rateLimit: false } } : {}),
    // After the counting of requests, so that those without a key are counted too; before the body is read.
    preParsing: async (request) => {
      if (!isOpen(route, request, services)) admit(auth, request.identity);
    },
    handler: (request, reply) => perform(route, services, request, reply),
  });
}

/** What a route without parameters of its own takes; a signed address brings two. */
const NO_QUERY = z.strictObject({ expires: z.string().optional(), signature: z.string().optional() });

async function perform(route: Route, services: Services, request: FastifyRequest, reply: FastifyReply) {
  const text = typeof request.body === 'string' ? request.body : '';
  const open = isOpen(route, request, services);
  reply.code(route.status ?? 200);
  const accepted = route.query ?? (route.auth === 'none' ? z.unknown() : NO_QUERY);
  const query = checkInput(accepted, request.query, 'query parameter');
  const body = route.body ? checkInput(route.body, readBody(text)) : undefined;
  checkUrls(body, services.settings);
  const answer = await route.handle({
    params: request.params,
    query,
    body,
    text,
    // The table pairs each handler with its `auth`; here it is one of many.
    caller: (open ? null : admit(route.auth, request.identity)) as never,
    services,
    request,
    reply,
  });
  return reply.send(answer);
}

const LINK_PATHS = new Set(ROUTES.filter(({ auth }) => auth === 'link').map(({ path }) => path));

/** The same for a request of any route. */
const linkOf = (request: FastifyRequest, services: Services): string | undefined =>
  LINK_PATHS.has(request.routeOptions.url ?? '') ? linkedFile(request, services) : undefined;

/** The recording whose file a request may read, by the signature of its address alone. */
function linkedFile({ params, query }: FastifyRequest, { links }: Services): string | undefined {
  const { expires, signature } = query as Record<string, unknown>;
  const { id } = params as { id?: string };
  if (id === undefined || typeof expires !== 'string' || typeof signature !== 'string') return undefined;
  return links.verify(id, expires, signature) ? id : undefined;
}

/** Every path says 405, and which methods it takes, to those that it does not take. */
function refuseMethods(app: FastifyInstance): void {
  for (const [url, routes] of Map.groupBy(ROUTES, ({ path }) => path)) {
    const taken = routes.map(({ method }) => method as string);
    const allow = taken.includes('GET') ? [...taken, 'HEAD'] : taken;
    app.route({
      method: METHODS.filter((method) => !taken.includes(method)),
      url,
      onRequest: async (_request, reply) => {
        reply.header('Allow', allow.join(', '));
        throw new Failure('method_not_allowed', `${url} takes ${allow.join(', ')}`);
      },
      handler: () => undefined,
    });
  }
}

/** What is not HTTP gets an answer all the same, and the connection is closed. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(new Failure('invalid_request', 'this is not a valid HTTP request')));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
