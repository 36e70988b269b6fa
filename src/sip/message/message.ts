import { hash } from 'node:crypto';
import { Headers } from './headers.ts';
import { reasonPhrase } from './reasons.ts';

export interface SipRequest {
  kind: 'request';
  /** Upper case for all known methods; methods are case-sensitive (RFC 3261 §7.1). */
  method: string;
  /** The Request-URI as it was written; `parseUri` reads it. */
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
  /** What could not be read of it, in a sentence; undefined when all could. */
  fault?: string;
}

export type SipMessage = SipRequest | SipResponse;

const EMPTY = Buffer.alloc(0);

/** A request with exactly the given headers; Content-Length is added by `serialize`. */
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
 * RFC 3261 §8.2.6.2: the response to a request, with its Via, From, To, Call-ID and CSeq, and with its
 * Record-Route when the response may make a dialog (§12.1.1). A message without tag in To gets `toTag`, which
 * every response but 100 must have.
 */
export function createResponse(
  request: { headers: Headers },
  status: number,
  reason = reasonPhrase(status),
  toTag?: string,
): SipResponse {
  const headers = new Headers();
  const copy = (name: string) => {
    for (const value of request.headers.all(name)) headers.append(name, value);
  };
  copy('Via');
  if (status > 100 && status < 300) copy('Record-Route');
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) copy(name);
  if (status === 100) copy('Timestamp');
  if (toTag && status > 100) addTag(headers, toTag);
  return { kind: 'response', status, reason, headers, body: EMPTY };
}

/** The To tag of a stateless response: the same for every retransmission of the request (RFC 3261 §8.2.7). */
export const statelessTag = ({ headers }: { headers: Headers }): string =>
  hash('sha1', `${headers.get('Via')} ${headers.get('Call-ID')}`).slice(0, 16);

function addTag(headers: Headers, tag: string): void {
  const to = headers.get('To');
  if (to !== undefined && !/;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1))) {
    headers.set('To', `${to};tag=${tag}`);
  }
}
