/**
 * Session descriptions (RFC 8866) and the agreement on sound by offer and answer (RFC 3264): G.711, G.722 and Opus
 * over RTP, plain or encrypted (RFC 4568), with telephone events, on hold or not. Text in, text and a plain `AudioAgreement` out; no state.
 */
export { acceptAnswer, answerOffer } from './answer.ts';
export type { AudioAgreement, CodecName } from './audio.ts';
export type { Direction } from './direction.ts';
export { createOffer } from './offer.ts';
export { PayloadTypes } from './payload-types.ts';
export type { LocalSession } from './session.ts';
