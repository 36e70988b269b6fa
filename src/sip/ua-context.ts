import { type Clock, explain, type Log, type Random } from '../core/index.ts';
import type { DialogTable } from './dialog/dialog.ts';
import {
  type Body,
  createResponse,
  formatUri,
  type Reply,
  type ReplyParts,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
  splitList,
  toOf,
  unsupportedBodyType,
  warningOf,
} from './message/index.ts';
import type { ServerTransaction, TimerBase, TokenGenerator, TransactionLayer } from './transaction/index.ts';
import type { TransportLayer, TransportName } from './transport/index.ts';

/** Everything that the UAC core, the UAS core and the dialogs of one user agent share (RFC 3261 §5). */
export interface UaContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: TokenGenerator;
  readonly log: Log;
  readonly timers: TimerBase;
  readonly transport: TransportLayer;
  readonly transactions: TransactionLayer;
  readonly dialogs: DialogTable;
  /** Value of User-Agent and Server. */
  readonly userAgent: string;
  /** Session-Expires that we request, in seconds; undefined: we request no session timer (RFC 4028). */
  readonly sessionExpires: number | undefined;
  /** Shortest session interval that we accept, in seconds; RFC 4028 allows no less than 90. */
  readonly minSe: number;
}

const ALLOW = 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, OPTIONS';
/** RFC 3262 and RFC 4028. */
const SUPPORTED = '100rel, timer';
const SUPPORTED_OPTIONS = new Set(splitList(SUPPORTED));
/** Body type of offers and answers. */
export const ACCEPT = 'application/sdp';

/** The Allow and Supported fields, for OPTIONS, 405 and messages that create or change a session. */
export const capabilityHeaders = (): [string, string][] => [
  ['Allow', ALLOW],
  ['Supported', SUPPORTED],
];

/** Wraps an offer or answer as a message body. */
export const sdpBody = (sdp: string | undefined): Body | undefined =>
  sdp === undefined ? undefined : { contentType: ACCEPT, content: sdp };

/** Builds a response with our Server field, and a Warning when `parts.why` is set. */
export function buildResponse(
  ua: UaContext,
  request: SipRequest,
  status: number,
  parts: ReplyParts,
): SipResponse {
  const toTag = parts.toTag ?? (toOf(request).tag === undefined ? ua.tokens.tag() : undefined);
  const response = createResponse(request, status, parts.reason, toTag);
  response.headers.append('Server', ua.userAgent);
  for (const [name, value] of parts.headers ?? []) response.headers.append(name, value);
  if (parts.why !== undefined) response.headers.append('Warning', warningOf(parts.why));
  if (parts.body) {
    response.headers.set('Content-Type', parts.body.contentType);
    response.body = Buffer.from(parts.body.content);
  }
  return response;
}

/** Builds a response and sends it in its transaction. */
export function reply(
  ua: UaContext,
  transaction: ServerTransaction,
  status: number,
  parts: ReplyParts = {},
): void {
  const { request, toTag } = transaction;
  transaction.respond(buildResponse(ua, request, status, { ...parts, toTag: parts.toTag ?? toTag }));
}

/** Maps an error from handling a request to a reply: the syntax error's own status, or 500 (logged). */
export function errorReply(ua: UaContext, error: unknown, message: string): Reply {
  if (error instanceof SipSyntaxError) return { status: error.status, why: error.message };
  ua.log.error({ reason: explain(error) }, message);
  return { status: 500, why: 'The server could not handle the request' };
}

/** The 415 for a required body part of another type than `accept`; undefined if acceptable. */
export function unsupportedBody(request: SipRequest, accept = ACCEPT): Reply | undefined {
  const type = unsupportedBodyType(request, accept);
  if (type === undefined) return undefined;
  const headers: [string, string][] = [
    ['Accept', accept],
    ['Accept-Encoding', 'identity'],
  ];
  return { status: 415, headers, why: `${type} is not supported, only ${accept}` };
}

/** Replies 420 to a request with unsupported Require options (RFC 3261 §8.2.2.3). @returns false if it did. */
export function checkRequire(ua: UaContext, transaction: ServerTransaction): boolean {
  const unsupported = transaction.request.headers
    .all('Require')
    .filter((option) => !SUPPORTED_OPTIONS.has(option.toLowerCase()));
  if (unsupported.length === 0) return true;
  const tags = unsupported.join(', ');
  reply(ua, transaction, 420, { headers: [['Unsupported', tags]], why: `${tags} is not supported` });
  return false;
}

/**
 * Our Contact for requests from the peer over this transport (RFC 3261 §8.1.1.8).
 * @param secure the dialog uses `sips:` URIs, so the Contact must too (RFC 3261 §12.1.1).
 */
export function contactOf(
  ua: UaContext,
  transport: TransportName,
  user?: string | undefined,
  secure = false,
): string {
  const { address: host, port } = ua.transport.localFor(secure ? 'tls' : transport);
  if (secure) return `<${formatUri({ scheme: 'sips', user, host, port })}>`;
  const params = transport === 'udp' ? undefined : new Map([['transport', transport]]);
  return `<${formatUri({ scheme: 'sip', user, host, port, params })}>`;
}
