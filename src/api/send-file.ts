import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import { parse } from 'range-parser';
import { errorMessage } from '../../contract/errors.ts';
import { Failure } from '../core/index.ts';
import type { RecordingFiles, RecordingRecord } from '../recordings/index.ts';

/** The bit in the code of range-parser for a malformed header. */
const INVALID_RANGE = 1;
const CONTENT_TYPES = { wav: 'audio/wav', mp3: 'audio/mpeg' };

/**
 * Responds with the file of a recording, or with the requested byte range of it (RFC 9110 §14).
 * Fails with `recording_not_ready`, `recording_file_missing`, `range_not_satisfiable`.
 */
export async function sendFile(
  recording: RecordingRecord,
  files: RecordingFiles,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Readable | undefined> {
  if (recording.status === 'started') {
    throw new Failure('recording_not_ready', errorMessage('recording_not_ready'));
  }
  const size = recording.file ? await files.size(recording.file) : undefined;
  if (!size) throw new Failure('recording_file_missing', errorMessage('recording_file_missing'));
  const etag = recording.sha256 ? `"${recording.sha256}"` : undefined;
  if (etag && fresh(request.headers, { etag })) {
    reply.code(304).headers(headersOf(recording, etag));
    // Without a stream, Fastify responds to HEAD with Content-Length: 0, which is not the size (RFC 9110 §8.6).
    return request.method === 'HEAD' ? Readable.from([]) : undefined;
  }
  const range = rangeOf(request, etag, size);
  if (range === 'unsatisfiable') {
    reply.header('Content-Range', `bytes */${size}`);
    throw new Failure('range_not_satisfiable', `the file has ${size} bytes`);
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) reply.code(206).header('Content-Range', `bytes ${start}-${end}/${size}`);
  reply.headers(headersOf(recording, etag)).header('Content-Length', end - start + 1);
  if (request.method === 'HEAD') return Readable.from([]);
  return createReadStream(files.path(recording.file), { start, end });
}

function headersOf({ id, format }: RecordingRecord, etag: string | undefined): Record<string, string> {
  return {
    'Content-Type': CONTENT_TYPES[format],
    'Content-Disposition': `inline; filename="${id}.${format}"`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private',
    ...(etag ? { ETag: etag } : {}),
  };
}

/**
 * The requested byte range, both ends included; undefined for the whole file.
 *
 * A range of another version of the file is useless (`If-Range`, RFC 9110 §13.1.5), and a server may respond to several
 * ranges or an invalid header with the whole file (§14.2).
 */
function rangeOf(
  { headers: { range, 'if-range': condition } }: FastifyRequest,
  etag: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  if (range === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const { type, code, ranges } = parse(size, range);
  if (type !== 'bytes' || code & INVALID_RANGE || range.includes(',')) return undefined;
  return ranges[0] ?? 'unsatisfiable';
}
