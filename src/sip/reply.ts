import { explain } from '../core/index.ts';
import { ACCEPT, ALLOW, type Core, SUPPORTED } from './core.ts';
import {
  createResponse,
  formatUri,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
  toOf,
  unknownBody,
  warningOf,
} from './message/index.ts';
import type { ServerTransaction } from './transaction/index.ts';
import type { TransportName } from './transport/index.ts';

export { sdpOf, statelessTag } from './message/index.ts';

/** More header fields for a message of ours. */
export type ExtraHeaders = Iterable<readonly [name: string, value: string]>;

/** A body and what it is. */
export interface Body {
  contentType: string;
  content: string | Buffer;
}

/** What a refusal says besides its status. */
export type RefusalParts = Pick<ReplyParts, 'reason' | 'headers' | 'why'>;

/** What a response of ours says besides its status. */
export interface ReplyParts {
  reason?: string | undefined;
  /** What is wrong with the request, in a sentence: the Warning field of a refusal. */
  why?: string | undefined;
  headers?: ExtraHeaders | undefined;
  body?: Body | undefined;
  /** For a To that has none; a new one when left out. */
  toTag?: string | undefined;
}

/** An answer as hooks give it: anything left out has its usual value. */
export interface Reply extends ReplyParts {
  status: number;
}

/** Builds a response with our name in it. */
export function responseTo(core: Core, request: SipRequest, status: number, parts: ReplyParts): SipResponse {
  const toTag = parts.toTag ?? (toOf(request).tag === undefined ? core.tokens.tag() : undefined);
  const response = createResponse(request, status, parts.reason, toTag);
  response.headers.append('Server', core.userAgent);
  for (const [name, value] of parts.headers ?? []) response.headers.append(name, value);
  if (parts.why !== undefined) response.headers.append('Warning', warningOf(parts.why));
  if (parts.body) {
    response.headers.set('Content-Type', parts.body.contentType);
    response.body = Buffer.from(parts.body.content);
  }
  return response;
}

/** The refusal of a request which made us throw: a field that cannot be read is its sender's mistake. */
export function refusalOf(core: Core, error: unknown, whatFailed: string): Reply {
  if (error instanceof SipSyntaxError) return { status: error.status, why: error.message };
  core.log.error({ reason: explain(error) }, whatFailed);
  return { status: 500, why: 'The server could not handle it' };
}

/** Builds a response and sends it. */
export function reply(
  core: Core,
  transaction: ServerTransaction,
  status: number,
  parts: ReplyParts = {},
): void {
  const { request, toTag } = transaction;
  transaction.respond(responseTo(core, request, status, { ...parts, toTag: parts.toTag ?? toTag }));
}

/**
 * The Contact under which the other side reaches us over this transport (RFC 3261 §8.1.1.8).
 * @param secured whether the dialog is one of `sips:` URIs, which makes the Contact one too (RFC 3261 §12.1.1).
 */
export function contactOf(
  core: Core,
  transport: TransportName,
  user?: string | undefined,
  secured = false,
): string {
  const { address: host, port } = core.transport.localFor(secured ? 'tls' : transport);
  if (secured) return `<${formatUri({ scheme: 'sips', user, host, port })}>`;
  const params = transport === 'udp' ? undefined : new Map([['transport', transport]]);
  return `<${formatUri({ scheme: 'sip', user, host, port, params })}>`;
}

/** Is it a `sips:` URI? */
export const isSips = (uri: string | undefined): boolean => /^\s*sips:/i.test(uri ?? '');

/** What says what we can do: for OPTIONS, 405 and everything that makes or changes a session. */
export const abilities = (): [string, string][] => [
  ['Allow', ALLOW],
  ['Supported', SUPPORTED],
];

/** The body of an offer or answer. */
export const sdpBody = (sdp: string | undefined): Body | undefined =>
  sdp === undefined ? undefined : { contentType: ACCEPT, content: sdp };

/** The 415 for a request whose body has a part that must be understood and is not; undefined: all is well. */
export function foreignBody(request: SipRequest, accept = ACCEPT): Reply | undefined {
  const type = unknownBody(request, accept);
  if (type === undefined) return undefined;
  const headers: [string, string][] = [
    ['Accept', accept],
    ['Accept-Encoding', 'identity'],
  ];
  return { status: 415, headers, why: `${type} is not understood, ${accept} is` };
}

/** Is the option tag in a Supported or Require field? */
export function hasOption(message: SipRequest | SipResponse, name: string, option: string): boolean {
  return message.headers.all(name).some((each) => each.toLowerCase() === option);
}
