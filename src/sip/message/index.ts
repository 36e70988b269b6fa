/**
 * SIP messages on the wire (RFC 3261 §7, §20), parsed to `SipMessage` and formatted, without state.
 * Requests outside of dialogs are parsed strictly; of responses and requests within dialogs, the readable part is
 * used. An error names the fault and the status of the answer. Header values stay text until a reader parses them.
 */
export { bodyOf, sdpOf, unsupportedBodyType } from './body.ts';
export {
  formatNameAddress,
  formatParams,
  formatVia,
  isWellFormed,
  type NameAddress,
  parseNameAddress,
  parseParams,
  parseVia,
} from './field-values.ts';
export { type Framed, StreamFramer } from './framing.ts';
export { decodeText, encodeText, splitList, unquote } from './grammar.ts';
export { Headers } from './headers.ts';
export {
  type Body,
  createRequest,
  createResponse,
  type ExtraHeaders,
  type Refusal,
  type RefusalParts,
  type Reply,
  type ReplyParts,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
  serialize,
  statelessTag,
} from './message.ts';
export { MAX_HEAD, parseMessage } from './parse.ts';
export {
  callIdOf,
  contactsOf,
  cseqOf,
  deltaSeconds,
  fromOf,
  hasOption,
  maxForwardsOf,
  recordRoutesOf,
  setTopVia,
  toOf,
  topVia,
} from './readers.ts';
export { reasonOf, reasonPhrase, warningOf } from './reasons.ts';
export { checkTarget, formatUri, isSips, parseUri, type Uri, type UriParts, userOf } from './uri.ts';
export { faultOf, repair, validate } from './validate.ts';
