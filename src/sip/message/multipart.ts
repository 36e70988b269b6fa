import { isToken } from './grammar.ts';
import { Headers } from './headers.ts';

/** A part of a multipart body, with its transfer encoding decoded. */
export interface Part {
  headers: Headers;
  content: Buffer;
}

/** Most parts that are read. */
const MAX_PARTS = 32;

/**
 * Splits a multipart body (RFC 2046 §5.1.1) into its parts. Accepts CRLF and LF, a preamble, an epilogue, a missing
 * close-delimiter, and a boundary that the Content-Type quotes or omits.
 * @returns the parts in wire order; empty if there is no delimiter.
 */
export function splitMultipart(contentType: string, body: Buffer): Part[] {
  // latin1 has one character per byte, so the conversion is lossless.
  const text = body.toString('latin1');
  const named = boundaryOf(contentType);
  const pieces = named === undefined ? [] : cut(text, named);
  if (pieces.length > 0) return pieces.map(partOf);
  const guessed = /(?:^|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n/.exec(text)?.[1];
  return guessed === undefined ? [] : cut(text, guessed).map(partOf);
}

function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
  return boundary?.trimEnd() || undefined;
}

function cut(text: string, boundary: string): string[] {
  const literal = boundary.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  // The line end before a delimiter belongs to it.
  const delimiter = new RegExp(`(?:^|\\r?\\n)--${literal}(--)?[ \\t]*(?:\\r?\\n|$)`, 'g');
  const pieces: string[] = [];
  let start: number | undefined;
  for (let match = delimiter.exec(text); match && pieces.length < MAX_PARTS; match = delimiter.exec(text)) {
    if (start !== undefined) pieces.push(text.slice(start, Math.max(start, match.index)));
    start = match[1] ? undefined : delimiter.lastIndex;
    if (match[1]) break;
    // The next delimiter may follow immediately: its leading line end is the trailing one of this match.
    if (match[0].endsWith('\n')) delimiter.lastIndex -= match[0].endsWith('\r\n') ? 2 : 1;
  }
  if (start !== undefined && pieces.length < MAX_PARTS) pieces.push(text.slice(start));
  return pieces;
}

function partOf(text: string): Part {
  const empty = /^\r?\n/.exec(text);
  if (empty) return { headers: new Headers(), content: Buffer.from(text.slice(empty[0].length), 'latin1') };
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return withoutSeparator(text);
  const headers = fieldsOf(text.slice(0, end.index));
  return { headers, content: decode(text.slice(end.index + end[0].length), headers) };
}

/** A part without empty line: only header fields, or only content. */
function withoutSeparator(text: string): Part {
  const isHead = /^[A-Za-z-]+[ \t]*:/.test(text);
  const headers = isHead ? fieldsOf(text) : new Headers();
  return { headers, content: Buffer.from(isHead ? '' : text, 'latin1') };
}

function fieldsOf(head: string): Headers {
  const headers = new Headers();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n|\r/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim();
    if (isToken(name)) headers.append(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function decode(text: string, headers: Headers): Buffer {
  switch (headers.get('Content-Transfer-Encoding')?.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(text, 'base64');
    case 'quoted-printable':
      return Buffer.from(unquotePrintable(text), 'latin1');
    default:
      return Buffer.from(text, 'latin1');
  }
}

// RFC 2045 §6.7
function unquotePrintable(text: string): string {
  return text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
