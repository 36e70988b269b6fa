import { z } from 'zod';
import { explain, Failure } from '../../core/index.ts';
import { route } from '../route.ts';
import { statusPage } from './status-page.ts';

export const systemRoutes = [
  route({
    method: 'GET',
    path: '/',
    auth: 'none',
    summary: 'A page for people: what this is, and whether it is well.',
    contentType: 'text/html',
    async handle({ services, reply }) {
      const trouble = await services.ready().then(
        () => undefined,
        (error) => explain(error),
      );
      reply.type('text/html; charset=utf-8');
      return statusPage({ version: services.settings.version, calls: services.live.size, trouble });
    },
  }),
  route({
    method: 'GET',
    path: '/healthz',
    auth: 'none',
    summary: 'Answers while the program runs.',
    answer: z.object({ status: z.literal('ok'), version: z.string() }),
    handle: ({ services }) => ({ status: 'ok', version: services.settings.version }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    auth: 'none',
    summary: 'Answers 200 while calls can be taken, 503 while they cannot.',
    answer: z.object({ status: z.literal('ready') }),
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
    summary: 'Metrics for Prometheus. A token is required unless REST is bound to loopback.',
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
    summary: 'This interface, as OpenAPI 3.1.',
    answer: z.record(z.string(), z.unknown()),
    handle({ services, reply }) {
      reply.type('application/json; charset=utf-8');
      return services.openapi();
    },
  }),
];
