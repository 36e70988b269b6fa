import { Failure } from '../core/index.ts';
import { whyNotPublic } from '../net/index.ts';
import {
  type Hop,
  locateServers,
  type NameLookup,
  parseUri,
  type ServerAddress,
  withServerAddress,
} from '../sip/index.ts';
import type { OutboundRoute } from './outbound-routes.ts';

/** Name lookups, and the rules for the addresses that customers may call. */
export interface RouteLocatorDeps extends NameLookup {
  /** Whether hosts that customers give may have private addresses. */
  allowPrivate: boolean;
  /** Resolves when the addresses of all trunks are known, or cannot be found now. Never rejects. */
  trunksKnown?(): Promise<void>;
  /** Whether the server belongs to a trunk that direct calls of this customer must not use. */
  isForeignTrunk?(server: Pick<ServerAddress, 'name' | 'address'>, customerId: string): boolean;
}

/** Most servers of one route that are tried. */
const MAX_SERVERS = 6;

/**
 * Finds the destinations of an outbound route, without the addresses that the customer may not call.
 * The checked address is sent as `maddr`, so that DNS rebinding cannot replace it (RFC 3263 §4.2).
 */
export function routeLocator(
  deps: RouteLocatorDeps,
): (route: Pick<OutboundRoute, 'destination' | 'mustBePublic' | 'directFor'>) => Promise<(string | Hop)[]> {
  return async ({ destination, mustBePublic, directFor }) => {
    if (typeof destination !== 'string') return [destination];
    const uri = parseUri(destination);
    const servers = await locateServers(uri, deps);
    if (directFor !== undefined) await deps.trunksKnown?.();
    const refusal = (server: ServerAddress) =>
      (mustBePublic && !deps.allowPrivate && whyNotPublic(server.address)) ||
      (directFor !== undefined && deps.isForeignTrunk?.(server, directFor) && "a trunk's address");
    const allowed = servers.filter((server) => !refusal(server));
    const [first] = servers;
    if (!first) throw new Failure('connect_failed', `${uri.host} has no address`);
    if (allowed.length === 0) throw new Failure('address_not_allowed', `${uri.host} is ${refusal(first)}`);
    return allowed.slice(0, MAX_SERVERS).map((server) => withServerAddress(uri, server));
  };
}
