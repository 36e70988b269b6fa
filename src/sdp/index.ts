/**
 * Session descriptions (RFC 8866) and the offer/answer model for audio (RFC 3264). Supports G.711, G.722 and Opus over
 * RTP or SRTP (RFC 4568), telephone events, and hold. Reads and writes text; the result is a plain `AudioAgreement`.
 */
export { acceptAnswer, answerOffer } from './answer.ts';
export type { AudioAgreement, CodecName } from './audio.ts';
export type { Direction } from './direction.ts';
export { createOffer } from './offer.ts';
export { PayloadTypes } from './payload-types.ts';
