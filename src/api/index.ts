/**
 * The REST API. Each route is one declarative object; the server, the OpenAPI document, the reference and the tests all
 * use the same table of routes. The schemas in `contract/` define what requests may hold and what responses hold.
 */
import type { ApiDeps } from './ports.ts';
import { buildServer } from './server.ts';

export type { ApiDeps, ApiSettings, CallOrder, LiveCalls } from './ports.ts';
export { ROUTES } from './routes/index.ts';

/** The HTTP server of the REST API. */
export interface Api {
  /** Listens; port 0 selects a free port. @returns the address as a URL, such as `http://127.0.0.1:8080`. */
  listen(host: string, port: number): Promise<string>;
  /** Gives requests in progress two seconds to complete, then cuts them off, and closes. */
  close(): Promise<void>;
  /** Handles a request without a socket, for tests. */
  inject: ReturnType<typeof buildServer>['inject'];
}

/** A client that reads a large file slowly must not keep the server from stopping. */
const CLOSE_TIMEOUT_MS = 2_000;

export function createApi(deps: ApiDeps): Api {
  const server = buildServer(deps);
  return {
    listen: (host, port) => server.listen({ host, port }),
    async close() {
      const timer = deps.clock.after(CLOSE_TIMEOUT_MS, () => server.server.closeAllConnections());
      await server.close().finally(() => timer.cancel());
    },
    inject: server.inject.bind(server),
  };
}
