import { Headers } from './headers.ts';
import type { SipMessage, SipResponse } from './message.ts';
import { isToken } from './params.ts';
import { type PartialRequest, type Refusal, SipSyntaxError } from './syntax-error.ts';

/** Bytes of start-line and header fields together; more is answered with 513. */
export const MAX_HEAD = 16 * 1024;
/** Bytes of a body; more is answered with 413. */
export const MAX_BODY = 64 * 1024;

const NO_BODY = Buffer.alloc(0);

type StartLine =
  | { kind: 'request'; method: string; uri: string; fault?: Refusal }
  | { kind: 'response'; status: number; reason: string; fault?: Refusal };

/** A message without its body; with a fault it is only good for an answer. */
export interface Head {
  line: StartLine;
  headers: Headers;
  fault: Refusal | undefined;
}

/** The empty line after the header fields: where they end and the body begins. Both line ends may be LF alone. */
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
 * Reads start-line and header fields, in latin1, without the empty line. A line may end with LF alone.
 * @throws SipSyntaxError if not SIP.
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

/** The error that refuses a message of which this head was read. */
export function refuse(head: Head, fault: Refusal): SipSyntaxError {
  const { line, headers } = head;
  const { status, message } = fault;
  const instead = { status: 502, reason: 'Unreadable Response', headers, body: NO_BODY, fault: message };
  const response = line.kind === 'response' ? { kind: line.kind, ...instead } : undefined;
  return new SipSyntaxError(message, { status, partial: partialOf(head), response });
}

/**
 * Is a fault of the header fields or of the body's length no reason to refuse it? A request inside a dialog may be
 * the BYE, and a response may be the answer: what can be read of them is used.
 */
export function isTolerated({ line, headers, fault }: Head): boolean {
  if (line.fault || fault?.status === 513) return false;
  if (line.kind === 'response' || line.method === 'CANCEL') return true;
  return /;\s*tag\s*=/i.test(headers.get('To') ?? '');
}

/** Head and body as one message. @throws SipSyntaxError if the head has a fault. */
export function assemble(head: Head, body: Buffer): SipMessage {
  const { line, headers, fault } = head;
  if (fault && !isTolerated(head)) throw refuse(head, fault);
  if (line.kind === 'request') return { kind: 'request', method: line.method, uri: line.uri, headers, body };
  const response: SipResponse = { kind: 'response', status: line.status, reason: line.reason, headers, body };
  return fault ? { ...response, fault: fault.message } : response;
}

/** What Content-Length says; undefined when there is none. @throws SipSyntaxError 400 or 413. */
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
  if (!isToken(method) || !line.includes(' ')) throw new SipSyntaxError('The start-line is not one of SIP');
  const fault = (status: number, message: string): StartLine => {
    return { kind: 'request', method, uri, fault: { status, message } };
  };
  if (!/^SIP\/\d+\.\d+$/i.test(version) || rest.length > 0 || !uri) {
    return fault(400, 'The Request-Line is not method, URI and version with single spaces between');
  }
  if (version.toUpperCase() !== 'SIP/2.0') return fault(505, `${version} is not spoken here, SIP/2.0 is`);
  return { kind: 'request', method, uri };
}

function parseStatusLine(line: string): StartLine {
  const match = /^SIP\/2\.0\s+([1-6]\d\d)(?!\d)([^\r\n]*)$/i.exec(line);
  if (match) return { kind: 'response', status: Number(match[1]), reason: match[2]!.trimStart() };
  const message = `${JSON.stringify(line.slice(0, 80))} is no Status-Line of SIP/2.0`;
  return { kind: 'response', status: 502, reason: '', fault: { status: 400, message } };
}

/** Reads on after a broken line, so that a refusal can be answered. @returns the first fault. */
function readFields(text: string, from: number, headers: Headers): string | undefined {
  let fault: string | undefined;
  for (let at = from; at < text.length; ) {
    const end = endOfField(text, at);
    const colon = text.indexOf(':', at);
    const name = colon < 0 || colon > end ? '' : text.slice(at, colon).trimEnd();
    const value = name ? unfold(text.slice(colon + 1, end)) : '';
    if (!isToken(name)) fault ??= `A header field has no proper name: ${excerpt(text, at, end)}`;
    else if (value.includes('\r')) fault ??= `There is a lone CR in ${name}`;
    else headers.append(name, value);
    at = end + 2;
  }
  return fault;
}

// RFC 3261 §7.3.1: a line that begins with a space or a tab goes on with the field before it.
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
