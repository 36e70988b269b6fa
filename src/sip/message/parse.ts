import { isToken } from './grammar.ts';
import { Headers } from './headers.ts';
import {
  type PartialRequest,
  type Refusal,
  type SipMessage,
  type SipResponse,
  SipSyntaxError,
} from './message.ts';

/** Most bytes of start-line and header fields together; more is answered with 513. */
export const MAX_HEAD = 16 * 1024;
/** Most bytes of a body; more is answered with 413. */
export const MAX_BODY = 64 * 1024;

const NO_BODY = Buffer.alloc(0);

type StartLine =
  | { kind: 'request'; method: string; uri: string; fault?: Refusal }
  | { kind: 'response'; status: number; reason: string; fault?: Refusal };

/** The start-line and header fields of a message. With a fault it can only be answered. */
export interface Head {
  line: StartLine;
  headers: Headers;
  fault: Refusal | undefined;
}

/** Finds the empty line after the header fields: where they end and the body begins. Accepts CRLF and LF. */
export function findEmptyLine(bytes: Buffer, from: number): { end: number; body: number } | undefined {
  const [lf, crlf] = ['\n\n', '\n\r\n'].map((line) => bytes.indexOf(line, from, 'latin1')) as [
    number,
    number,
  ];
  if (lf < 0 && crlf < 0) return undefined;
  const isCrlf = lf < 0 || (crlf >= 0 && crlf < lf);
  const at = isCrlf ? crlf : lf;
  return { end: bytes[at - 1] === 13 ? at - 1 : at, body: at + (isCrlf ? 3 : 2) };
}

/**
 * Reads start-line and header fields, in latin1, without the empty line. Accepts CRLF and LF.
 * @throws SipSyntaxError if the text is not SIP.
 */
export function parseHead(raw: string): Head {
  const text = raw.replace(/(?<!\r)\n/g, '\r\n');
  const end = text.indexOf('\r\n');
  const line = parseStartLine(end < 0 ? text : text.slice(0, end));
  const headers = new Headers();
  const broken = end < 0 ? undefined : readFields(text, end + 2, headers);
  const tooLong = text.length > MAX_HEAD && `The header fields are longer than ${MAX_HEAD} bytes`;
  if (tooLong) return { line, headers, fault: { status: 513, message: tooLong } };
  return { line, headers, fault: line.fault ?? (broken ? { status: 400, message: broken } : undefined) };
}

/** Creates the error that refuses the message with this head. */
export function refuse(head: Head, fault: Refusal): SipSyntaxError {
  const { line, headers } = head;
  const { status, message } = fault;
  const instead = { status: 502, reason: 'Unreadable Response', headers, body: NO_BODY, fault: message };
  const response = line.kind === 'response' ? { kind: line.kind, ...instead } : undefined;
  return new SipSyntaxError(message, { status, partial: partialOf(head), response });
}

/**
 * Whether a message is accepted in spite of a fault in its header fields or its body length.
 * A request within a dialog may be the BYE, and a response may be the answer, so their readable part is used.
 */
export function isTolerated({ line, headers, fault }: Head): boolean {
  if (line.fault || fault?.status === 513) return false;
  if (line.kind === 'response' || line.method === 'CANCEL') return true;
  return /;\s*tag\s*=/i.test(headers.get('To') ?? '');
}

/** Joins head and body to a message. @throws SipSyntaxError if the head has a fault that is not tolerated. */
export function assemble(head: Head, body: Buffer): SipMessage {
  const { line, headers, fault } = head;
  if (fault && !isTolerated(head)) throw refuse(head, fault);
  if (line.kind === 'request') return { kind: 'request', method: line.method, uri: line.uri, headers, body };
  const response: SipResponse = { kind: 'response', status: line.status, reason: line.reason, headers, body };
  return fault ? { ...response, fault: fault.message } : response;
}

/** The value of Content-Length; undefined if there is none. @throws SipSyntaxError 400 or 413. */
export function bodyLength(head: Head): number | undefined {
  const [value, ...more] = head.headers.all('content-length');
  if (value === undefined) return undefined;
  const fail = (message: string, status = 400) => refuse(head, { status, message });
  if (more.some((each) => each !== value)) throw fail('There are several Content-Length fields');
  if (!/^\d{1,10}$/.test(value)) throw fail('The Content-Length is not a number');
  const length = Number(value);
  if (length > MAX_BODY) throw fail(`The body is longer than ${MAX_BODY} bytes`, 413);
  return length;
}

function parseStartLine(line: string): StartLine {
  return /^SIP\/\d+\.\d+ /i.test(line) ? parseStatusLine(line) : parseRequestLine(line);
}

function parseRequestLine(line: string): StartLine {
  const [method = '', uri = '', version = '', ...rest] = line.split(' ');
  if (!isToken(method) || !line.includes(' '))
    throw new SipSyntaxError('The start-line is not a SIP start-line');
  const fault = (status: number, message: string): StartLine => {
    return { kind: 'request', method, uri, fault: { status, message } };
  };
  if (!/^SIP\/\d+\.\d+$/i.test(version) || rest.length > 0 || !uri) {
    return fault(400, 'The Request-Line is not method, URI and version with single spaces between');
  }
  if (version.toUpperCase() !== 'SIP/2.0') return fault(505, `${version} is not supported, only SIP/2.0`);
  return { kind: 'request', method, uri };
}

function parseStatusLine(line: string): StartLine {
  const match = /^SIP\/2\.0\s+([1-6]\d\d)(?!\d)([^\r\n]*)$/i.exec(line);
  if (match) return { kind: 'response', status: Number(match[1]), reason: match[2]!.trimStart() };
  const message = `${JSON.stringify(line.slice(0, 80))} is not a Status-Line of SIP/2.0`;
  return { kind: 'response', status: 502, reason: '', fault: { status: 400, message } };
}

/** Reads header fields, even after a malformed line so that it can be answered. @returns the first fault. */
function readFields(text: string, from: number, headers: Headers): string | undefined {
  let fault: string | undefined;
  for (let at = from; at < text.length; ) {
    const end = endOfField(text, at);
    const colon = text.indexOf(':', at);
    const name = colon < 0 || colon > end ? '' : text.slice(at, colon).trimEnd();
    const value = name ? unfold(text.slice(colon + 1, end)) : '';
    if (!isToken(name)) fault ??= `A header field has a malformed name: ${excerpt(text, at, end)}`;
    else if (value.includes('\r')) fault ??= `There is a lone CR in ${name}`;
    else headers.append(name, value);
    at = end + 2;
  }
  return fault;
}

// RFC 3261 §7.3.1: a line that begins with SP or HTAB continues the field before it.
function endOfField(text: string, from: number): number {
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return text.length;
    const next = text.charCodeAt(end + 2);
    if (next !== 32 && next !== 9) return end;
    at = end + 2;
  }
}

function unfold(value: string): string {
  if (!value.includes('\r\n')) return value.trim();
  const lines = value.split('\r\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').join(' ');
}

function excerpt(text: string, from: number, to: number): string {
  return JSON.stringify(text.slice(from, Math.min(to, from + 40)));
}

function partialOf({ line, headers }: Head): PartialRequest | undefined {
  if (line.kind === 'response' || !headers.has('via')) return undefined;
  return { kind: 'request', method: line.method, headers };
}

/**
 * Reads one datagram. Header values stay text until a reader parses them; `validate` checks the required ones.
 * Accepts CRLF and LF.
 * @throws SipSyntaxError with the status of the answer.
 */
export function parseMessage(datagram: Buffer): SipMessage {
  const start = skipLineEnds(datagram);
  const empty = findEmptyLine(datagram, start);
  const head = parseHead(datagram.toString('latin1', start, empty?.end));
  if (!empty) throw refuse(head, { status: 400, message: 'There is no empty line after the header fields' });
  if (head.fault && !isTolerated(head)) throw refuse(head, head.fault);
  return assemble(head, datagramBody(head, datagram.subarray(empty.body)));
}

/** Cuts the body to its Content-Length; default: the rest of the datagram (RFC 3261 §18.3). */
function datagramBody(head: Head, rest: Buffer): Buffer {
  try {
    const length = bodyLength(head) ?? rest.length;
    if (length <= rest.length) return rest.subarray(0, length);
    const message = `The body should have ${length} bytes, but ${rest.length} arrived`;
    throw refuse(head, { status: 400, message });
  } catch (error) {
    if (!isTolerated(head) || rest.length > MAX_BODY) throw error;
    return rest;
  }
}

// RFC 3261 §7.5: line ends before the start-line are ignored.
function skipLineEnds(datagram: Buffer): number {
  let at = 0;
  while (datagram[at] === 10 || (datagram[at] === 13 && datagram[at + 1] === 10)) at++;
  if (at >= datagram.length) throw new SipSyntaxError('The datagram contains only line ends');
  return at;
}
