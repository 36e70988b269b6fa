import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LruMap } from 'toad-cache';
import { errorMessage } from '../../contract/errors.ts';
import { sourceNetwork } from '../../contract/network-address.ts';
import { type Clock, Failure } from '../core/index.ts';
import { clientAddress, inBlocks } from './client-address.ts';
import type { ApiDeps } from './ports.ts';

/** Requests per minute. */
const DEFAULT_LIMITS = { key: 60_000, address: 6_000 };
/** Requests per minute with an invalid key: a token that the operator has chosen may be weak. */
const INVALID_KEYS_PER_MINUTE = 300;
/** The least recently active clients are forgotten first. */
const MAX_CLIENTS = 5000;

/**
 * Limits the rate of requests per API key, and per client address for requests without a valid key.
 *
 * Requests for one file by its signed URL have a limit of their own, so that other requests from the same address do
 * not use it up.
 * @param signedFileOf the id of the recording whose file a request may read by its signed URL.
 */
export function limitRates(
  app: FastifyInstance,
  { settings, clock }: ApiDeps,
  signedFileOf: (request: FastifyRequest) => string | undefined,
): void {
  const { key, address } = settings.requestsPerMinute ?? DEFAULT_LIMITS;
  const isTrusted = inBlocks(settings.trustedProxies ?? []);
  const networkOf = ({ socket, headers }: FastifyRequest) =>
    sourceNetwork(clientAddress(socket.remoteAddress ?? '', headers, isTrusted));
  app.register(rateLimit, {
    timeWindow: 60_000,
    store: requestWindows(clock),
    max: (request) => {
      if (request.identity.kind !== 'anonymous' || signedFileOf(request)) return key;
      return request.headers.authorization === undefined
        ? address
        : Math.min(address, INVALID_KEYS_PER_MINUTE);
    },
    keyGenerator: (request) => {
      const { identity, headers } = request;
      if (identity.kind === 'application') return identity.application.id;
      if (identity.kind !== 'anonymous') return identity.kind;
      const file = signedFileOf(request);
      if (file) return `file ${file}`;
      const network = networkOf(request);
      return headers.authorization === undefined ? network : `invalid key from ${network}`;
    },
    errorResponseBuilder: () => new Failure('rate_limited', errorMessage('rate_limited')),
  });
}

interface Window {
  count: number;
  endsAt: number;
}

/**
 * Counts requests in fixed time windows, as a store for `@fastify/rate-limit`. The plugin's own store uses the wall
 * clock: if that is set back by an hour, a window stays open for an hour, and its client is refused for as long.
 */
export const requestWindows = (clock: Clock) =>
  class RequestWindows {
    #windows = new LruMap<Window>(MAX_CLIENTS);

    incr(
      key: string,
      callback: (error: null, result: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      const now = clock.monotonic();
      const known = this.#windows.get(key);
      const window = known && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs };
      window.count++;
      if (window !== known) this.#windows.set(key, window);
      callback(null, { current: window.count, ttl: window.endsAt - now });
    }

    /** All routes share one count. */
    child(): this {
      return this;
    }
  };
