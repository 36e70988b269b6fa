import { hash } from 'node:crypto';
import { Headers } from './headers.ts';
import { reasonPhrase } from './reasons.ts';

export interface SipRequest {
  kind: 'request';
  /** Upper case for all known methods; case-sensitive (RFC 3261 §7.1). */
  method: string;
  /** The Request-URI as written; `parseUri` reads it. */
  uri: string;
  headers: Headers;
  body: Buffer;
}

export interface SipResponse {
  kind: 'response';
  /** 100–699. */
  status: number;
  reason: string;
  headers: Headers;
  body: Buffer;
  /** A sentence that names what is unreadable; undefined for a valid response. */
  fault?: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Additional header fields. */
export type ExtraHeaders = Iterable<readonly [name: string, value: string]>;

/** A body with its Content-Type. */
export interface Body {
  contentType: string;
  content: string | Buffer;
}

/** The optional parts of a response. */
export interface ReplyParts {
  reason?: string | undefined;
  /** What is wrong with the request, in a sentence; sent as Warning. */
  why?: string | undefined;
  headers?: ExtraHeaders | undefined;
  body?: Body | undefined;
  /** To tag for a request without one; default: a new tag. */
  toTag?: string | undefined;
}

/** The optional parts of a refusal. */
export type RefusalParts = Pick<ReplyParts, 'reason' | 'headers' | 'why'>;

/** A response as request hooks return it. */
export interface Reply extends ReplyParts {
  status: number;
}

const EMPTY = Buffer.alloc(0);

/** Creates a request with exactly the given headers; `serialize` adds the Content-Length. */
export function createRequest(parts: {
  method: string;
  uri: string;
  headers?: Iterable<readonly [name: string, value: string]>;
  body?: Buffer | string;
}): SipRequest {
  const { method, uri, headers, body = EMPTY } = parts;
  return { kind: 'request', method, uri, headers: new Headers(headers), body: Buffer.from(body) };
}

/**
 * Creates the response to a request (RFC 3261 §8.2.6.2). Copies its Via, From, To, Call-ID and CSeq, and its
 * Record-Route if the response may create a dialog (§12.1.1). A To without tag gets `toTag`, which every
 * response except 100 must have.
 */
export function createResponse(
  request: { headers: Headers },
  status: number,
  reason = reasonPhrase(status),
  toTag?: string,
): SipResponse {
  const headers = new Headers().copy('Via', request.headers);
  if (status > 100 && status < 300) headers.copy('Record-Route', request.headers);
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) headers.copy(name, request.headers);
  if (status === 100) headers.copy('Timestamp', request.headers);
  if (toTag && status > 100) addTag(headers, toTag);
  return { kind: 'response', status, reason, headers, body: EMPTY };
}

/** The To tag of a stateless response, equal for all retransmissions of a request (RFC 3261 §8.2.7). */
export const statelessTag = ({ headers }: { headers: Headers }): string =>
  hash('sha1', `${headers.get('Via')} ${headers.get('Call-ID')}`).slice(0, 16);

function addTag(headers: Headers, tag: string): void {
  const to = headers.get('To');
  if (to !== undefined && !/;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1))) {
    headers.set('To', `${to};tag=${tag}`);
  }
}

/** The readable part of a refused request: enough to answer it. */
export interface PartialRequest {
  kind: 'request';
  method: string;
  headers: Headers;
}

/** Why a message is refused: the status of the answer, and a sentence that names the fault. */
export interface Refusal {
  status: number;
  message: string;
}

/** Thrown for bytes that are not SIP, and for a field that violates its grammar. */
export class SipSyntaxError extends Error implements Refusal {
  /** The status of the answer to such a request: 400, 413, 416, 505 or 513. */
  readonly status: number;
  /** Set if the bytes are a request with a Via, as the input of `createResponse`. */
  readonly partial: PartialRequest | undefined;
  /** Set if the bytes are a response with readable header fields: a 502 in its place, with the fault. */
  readonly response: SipResponse | undefined;

  constructor(
    message: string,
    options: {
      status?: number;
      partial?: PartialRequest | undefined;
      response?: SipResponse | undefined;
    } = {},
  ) {
    super(message);
    this.name = 'SipSyntaxError';
    this.status = options.status ?? 400;
    this.partial = options.partial;
    this.response = options.response;
  }
}

/**
 * Writes a message. The Content-Length is that of the body, whatever the headers say.
 * @throws TypeError if method, URI or reason contain a line end.
 */
export function serialize(message: SipMessage): Buffer {
  const { headers, body } = message;
  const head = `${startLine(message)}${headers.format('content-length')}Content-Length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 'latin1');
  bytes.set(body, head.length);
  return bytes;
}

function startLine(message: SipMessage): string {
  const line =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  if (/[\r\n]/.test(line)) throw new TypeError('A start-line must not contain a line end');
  return `${line}\r\n`;
}
