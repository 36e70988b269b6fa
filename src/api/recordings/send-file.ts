import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../../core/index.ts';
import type { RecordingFiles, RecordingRecord } from '../../recordings/index.ts';
import { byteRange } from './byte-range.ts';

const CONTENT_TYPES = { wav: 'audio/wav', mp3: 'audio/mpeg' };

/**
 * Answers with a recording's file, or the range of it that is asked for. Fails with `recording_not_ready`,
 * `recording_file_missing`, `range_not_satisfiable`.
 */
export async function sendFile(
  recording: RecordingRecord,
  files: RecordingFiles,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Readable> {
  if (recording.status === 'started') {
    throw new Failure('recording_not_ready', 'the recording is still running');
  }
  const size = recording.file ? await files.size(recording.file) : undefined;
  if (!size) throw new Failure('recording_file_missing', "the recording's file is not there");
  const range = byteRange(rangeOf(request, recording), size);
  if (range === 'unsatisfiable') {
    reply.header('Content-Range', `bytes */${size}`);
    throw new Failure('range_not_satisfiable', `the file has ${size} bytes`);
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) reply.code(206).header('Content-Range', `bytes ${start}-${end}/${size}`);
  reply.headers(headersOf(recording)).header('Content-Length', end - start + 1);
  if (request.method === 'HEAD') return Readable.from([]);
  return createReadStream(files.path(recording.file), { start, end });
}

function headersOf({ id, format, sha256 }: RecordingRecord): Record<string, string> {
  return {
    'Content-Type': CONTENT_TYPES[format],
    'Content-Disposition': `inline; filename="${id}.${format}"`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private',
    ...(sha256 ? { ETag: `"${sha256}"` } : {}),
  };
}

/** RFC 9110 §13.1.5: a range of another version of the file is of no use, so the whole of this one is sent. */
function rangeOf({ headers }: FastifyRequest, { sha256 }: RecordingRecord): string | undefined {
  const condition = headers['if-range'];
  return condition === undefined || condition === `"${sha256}"` ? headers.range : undefined;
}
