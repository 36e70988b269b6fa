import {
  callIdOf,
  cseqOf,
  fromOf,
  type SipRequest,
  type SipResponse,
  toOf,
  topVia,
} from '../message/index.ts';

const COOKIE = 'z9hG4bK';

/** RFC 3261 §17.1.3: a response belongs to the request with its branch and method. */
export function clientKey(message: SipRequest | SipResponse): string {
  return `${topVia(message).branch} ${cseqOf(message).method}`;
}

const SENT = ['INVITE', 'BYE', 'REGISTER', 'OPTIONS', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'CANCEL'];

/** The keys that a response may have whose Via or CSeq cannot be read; none when there is no branch. */
export function possibleKeys(response: SipResponse): string[] {
  const { headers } = response;
  const branch = /;\s*branch\s*=\s*([^;,\s]+)/i.exec(headers.get('Via') ?? '')?.[1];
  if (branch === undefined) return [];
  const method = /^\s*\d+\s+([A-Z]+)\s*$/.exec(headers.get('CSeq') ?? '')?.[1];
  return (method === undefined ? SENT : [method]).map((each) => `${branch} ${each}`);
}

/** RFC 3261 §17.2.3: the transaction that a request belongs to; ACK has that of its INVITE. */
export function serverKey(request: SipRequest, method = request.method): string {
  const via = topVia(request);
  const kind = method === 'ACK' ? 'INVITE' : method;
  if (via.branch?.startsWith(COOKIE)) return `${via.branch} ${via.host}:${via.port ?? ''} ${kind}`;
  // A peer of RFC 2543 makes no unique branch. The To tag is left out: only the ACK has ours.
  const parts = [request.uri, fromOf(request).tag, callIdOf(request), cseqOf(request).number, kind];
  return [...parts, via.host, via.port, via.branch].join(' ');
}

/**
 * RFC 3261 §8.2.2.2: what a request that came over two ways has in common with itself; undefined for one
 * inside a dialog, which cannot.
 */
export function mergeKey(request: SipRequest): string | undefined {
  if (toOf(request).tag !== undefined) return undefined;
  return `${callIdOf(request)} ${fromOf(request).tag} ${request.headers.get('CSeq')}`;
}
