/**
 * SIP messages as they are on the wire (RFC 3261 §7 and §20): bytes to `SipMessage` and back, without any state
 * and without any I/O. Requests outside of dialogs are read strictly; of responses and of requests in dialogs, what
 * can be read is used. What is refused says with which status and why.
 * Header values stay text until a typed reader is asked for one.
 */
export { bodyOf, sdpOf, unknownBody } from './body.ts';
export { type Framed, StreamFramer } from './framing.ts';
export { MAX_BODY, MAX_HEAD } from './head.ts';
export { decodeText, encodeText, Headers } from './headers.ts';
export { formatHost, parseHost } from './host.ts';
export {
  createRequest,
  createResponse,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  statelessTag,
} from './message.ts';
export { formatNameAddress, isWellFormed, type NameAddress, parseNameAddress } from './name-address.ts';
export { formatParams, isToken, type Params, parseParams, quote, splitList, unquote } from './params.ts';
export { parseMessage } from './parse.ts';
export {
  type CSeq,
  callIdOf,
  contactsOf,
  cseqOf,
  deltaSeconds,
  fromOf,
  maxForwardsOf,
  recordRoutesOf,
  setTopVia,
  toOf,
  topVia,
} from './readers.ts';
export { reasonOf, reasonPhrase, warningOf } from './reasons.ts';
export { serialize } from './serialize.ts';
export { type PartialRequest, type Refusal, SipSyntaxError } from './syntax-error.ts';
export { checkTarget } from './target.ts';
export { formatUri, parseUri, type Uri, type UriParts, userOf } from './uri.ts';
export { faultOf, repair, validate } from './validate.ts';
export { formatVia, parseVia, type Via } from './via.ts';
