import { z } from 'zod';
import { explain, Failure } from '../../core/index.ts';
import { route } from '../route.ts';

export const systemRoutes = [
  route({
    method: 'GET',
    path: '/',
    auth: 'none',
    summary: 'A web page with the version and the state of the server.',
    contentType: 'text/html',
    async handle({ services, reply }) {
      const problem = await services.ready().then(
        () => undefined,
        (error) => explain(error),
      );
      reply.type('text/html; charset=utf-8');
      return statusPage({ version: services.settings.version, calls: services.live.size, problem });
    },
  }),
  route({
    method: 'GET',
    path: '/healthz',
    auth: 'none',
    summary: 'Responds with 200 while the process runs.',
    response: z.object({ status: z.literal('ok'), version: z.string() }),
    handle: ({ services }) => ({ status: 'ok', version: services.settings.version }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    auth: 'none',
    summary: 'Responds with 200 while the server takes calls, and with 503 while it does not.',
    response: z.object({ status: z.literal('ready') }),
    errors: ['not_ready'],
    async handle({ services }) {
      await services.ready().catch((error) => {
        throw new Failure('not_ready', explain(error), { cause: error });
      });
      return { status: 'ready' };
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    auth: 'metrics',
    summary: 'Returns metrics for Prometheus. Requires a token unless REST is bound to loopback.',
    contentType: 'text/plain',
    handle({ services, reply }) {
      reply.type('text/plain; version=0.0.4; charset=utf-8');
      return services.metrics();
    },
  }),
  route({
    method: 'GET',
    path: '/openapi.json',
    auth: 'none',
    summary: 'Returns this API as an OpenAPI 3.1 document.',
    response: z.record(z.string(), z.unknown()),
    handle({ services, reply }) {
      reply.type('application/json; charset=utf-8');
      return services.openapi();
    },
  }),
];

interface Status {
  version: string;
  /** The number of live calls. */
  calls: number;
  /** The reason why the server cannot take calls; undefined if it can. */
  problem: string | undefined;
}

/** The page at `/`, without a framework and without scripts. */
function statusPage({ version, calls, problem }: Status): string {
  const state = problem === undefined ? 'Ready to take calls.' : `Not ready: ${escapeHtml(problem)}.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MiniVoice</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #1c2430; }
h1 { margin-bottom: 0; }
.version { color: #5b6675; margin-top: 0; }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #e4e9f0; } a { color: #8ab8ff; } }
</style>
</head>
<body>
<h1>MiniVoice</h1>
<p class="version">version ${escapeHtml(version)}</p>
<p>${state} ${calls === 1 ? 'One call is' : `${calls} calls are`} in progress.</p>
<ul>
<li><a href="/openapi.json">The REST interface (OpenAPI)</a></li>
<li><a href="/healthz">Health</a> and <a href="/readyz">readiness</a></li>
<li><a href="/metrics">Metrics (Prometheus)</a></li>
</ul>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]!);
