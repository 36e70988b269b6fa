import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorMessage, errorStatus } from '../../contract/errors.ts';
import { explain, Failure, type Log, reportDefect } from '../core/index.ts';

/** The body of every answer that is not a success. */
export function errorBody({ code, message, details }: Failure) {
  return { error: { code, message, ...(details ? { details } : {}) } };
}

/** The codes of fastify's own errors that are ours by another name. */
const FRAMEWORK: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** Whatever was thrown, as a failure of the catalogue. */
export function asFailure(thrown: unknown, request?: FastifyRequest): Failure {
  if (thrown instanceof Failure) return thrown;
  const { code = '', statusCode = 500 } = thrown as { code?: string; statusCode?: number };
  const known =
    FRAMEWORK[code] ?? (statusCode >= 400 && statusCode < 500 ? 'invalid_request' : 'internal_error');
  return new Failure(known, sentenceOf(known, request), { cause: thrown });
}

function sentenceOf(code: ErrorCode, request?: FastifyRequest): string {
  const most = request?.routeOptions.bodyLimit;
  if (code !== 'payload_too_large' || !most) return errorMessage(code);
  return `the body is larger than ${most < 1024 * 1024 ? `${most / 1024} KiB` : '1 MiB'}`;
}

/** Answers with the error body. What is our own fault is logged, and the answer does not tell its causes. */
export function answerFailure(log: Log) {
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
    const told = isDefect ? new Failure('internal_error', errorMessage('internal_error')) : failure;
    // RFC 9110 §15.5.2: who is refused for want of a key is told how to show one.
    if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
    // Contract 10: calls are counted by the second, so a second later there is room.
    if (told.code === 'cps_limit_reached') reply.header('Retry-After', '1');
    if (told.code === 'overloaded' || told.code === 'not_ready') reply.header('Retry-After', '5');
    reply.code(status).type('application/json; charset=utf-8').send(errorBody(told));
  };
}
