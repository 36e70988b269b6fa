import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errorMessage } from '../../contract/errors.ts';
import { sourceNetwork } from '../../contract/network-address.ts';
import { Failure } from '../core/index.ts';
import { clientAddress, inBlocks } from './client-address.ts';
import type { ApiPorts } from './ports.ts';
import { requestWindows } from './request-windows.ts';

const GENEROUS = { key: 60_000, address: 6_000 };
/** An operator's own token may be a weak one. */
const GUESSES_PER_MINUTE = 300;

/**
 * Counts requests by key where there is a good one, else by the client's address, so that guessing keys is slow. A
 * signed address of a file is counted for itself: clients without keys use up nothing of it.
 * @param linkOf the file that a request may read by its signed address.
 */
export function limitRates(
  app: FastifyInstance,
  { settings, clock }: ApiPorts,
  linkOf: (request: FastifyRequest) => string | undefined,
): void {
  const { key, address } = settings.requestsPerMinute ?? GENEROUS;
  const isTrusted = inBlocks(settings.trustedProxies ?? []);
  const clientOf = ({ socket, headers }: FastifyRequest) =>
    sourceNetwork(clientAddress(socket.remoteAddress ?? '', headers, isTrusted));
  app.register(rateLimit, {
    timeWindow: 60_000,
    store: requestWindows(clock),
    max: (request) => {
      if (request.identity.kind !== 'nobody' || linkOf(request)) return key;
      return request.headers.authorization === undefined ? address : Math.min(address, GUESSES_PER_MINUTE);
    },
    keyGenerator: (request) => {
      const { identity, headers } = request;
      if (identity.kind === 'application') return identity.application.id;
      if (identity.kind !== 'nobody') return identity.kind;
      const file = linkOf(request);
      if (file) return `file ${file}`;
      return headers.authorization === undefined ? clientOf(request) : `guesses of ${clientOf(request)}`;
    },
    errorResponseBuilder: () => new Failure('rate_limited', errorMessage('rate_limited')),
  });
}
