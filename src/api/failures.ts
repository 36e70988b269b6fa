import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorMessage, errorStatus } from '../../contract/errors.ts';
import { explain, Failure, type Log, reportDefect } from '../core/index.ts';

/** The body of every error response. */
export function errorBody({ code, message, details }: Failure) {
  return { error: { code, message, ...(details ? { details } : {}) } };
}

/** Fastify's error codes and the codes of the catalog that stand for them. */
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** Turns any thrown value into a failure of the catalog. */
export function asFailure(thrown: unknown, request?: FastifyRequest): Failure {
  if (thrown instanceof Failure) return thrown;
  const { code = '', statusCode = 500 } = thrown as { code?: string; statusCode?: number };
  const known =
    FASTIFY_CODES[code] ?? (statusCode >= 400 && statusCode < 500 ? 'invalid_request' : 'internal_error');
  return new Failure(known, messageFor(known, request), { cause: thrown });
}

function messageFor(code: ErrorCode, request?: FastifyRequest): string {
  const limit = request?.routeOptions.bodyLimit;
  if (code !== 'payload_too_large' || !limit) return errorMessage(code);
  return `the body is larger than ${limit < 1024 * 1024 ? `${limit / 1024} KiB` : '1 MiB'}`;
}

/** Creates the error handler. It logs server errors; the response to a defect does not reveal its cause. */
export function errorHandler(log: Log) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const failure = asFailure(thrown, request);
    const status = errorStatus(failure.code);
    if (status === 500) {
      const { id, method, url } = request;
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      log.error(
        { request_id: id, method, path: url.split('?')[0], error: explain(thrown), stack },
        'a request failed',
      );
    }
    const isDefect = failure.code === 'internal_error';
    if (isDefect) reportDefect('http.request', thrown);
    const shown = isDefect ? new Failure('internal_error', errorMessage('internal_error')) : failure;
    // RFC 9110 §15.5.2: a 401 names the authentication scheme.
    if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
    // The limit counts calls per second, so the next second admits calls again.
    if (shown.code === 'cps_limit_reached') reply.header('Retry-After', '1');
    if (shown.code === 'overloaded' || shown.code === 'not_ready') reply.header('Retry-After', '5');
    reply.code(status).type('application/json; charset=utf-8').send(errorBody(shown));
  };
}
