/**
 * REST: one small declarative object for each route, gathered in one table by which the server answers, the
 * OpenAPI document is made and the tests go. Handlers ask the middle rooms; what is answered is said by the
 * schemas in `contract/`.
 */
import type { ApiPorts } from './ports.ts';
import { buildServer } from './server.ts';

export type { ApiPorts, ApiSettings, CallOrder, LiveCalls } from './ports.ts';
export { ROUTES } from './routes.ts';

/** The server of REST. */
export interface Api {
  /** Listens; port 0 takes a free one. @returns the address as a URL, such as `http://127.0.0.1:8080`. */
  listen(host: string, port: number): Promise<string>;
  /** Lets the requests in progress end for two seconds, then breaks them off, and closes. */
  close(): Promise<void>;
  /** Answers a request without a port, for tests. */
  inject: ReturnType<typeof buildServer>['inject'];
}

/** Whoever reads a long file slowly must not keep the server from stopping. */
const CLOSE_GRACE_MS = 2_000;

export function createApi(ports: ApiPorts): Api {
  const server = buildServer(ports);
  return {
    listen(host, port) {
      server.prepare();
      return server.listen({ host, port });
    },
    async close() {
      const cut = ports.clock.after(CLOSE_GRACE_MS, () => server.server.closeAllConnections());
      await server.close().finally(() => cut.cancel());
    },
    inject: server.inject.bind(server),
  };
}
