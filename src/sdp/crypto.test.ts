import { describe, expect, it } from 'vitest';
import { acceptAnswer, answerOffer, createOffer } from './index.ts';

const LOCAL = { address: '192.0.2.1', port: 20_000, sessionId: 42, version: 1 };
const CODECS = ['PCMU', 'PCMA'] as const;

describe('encrypted audio (RFC 4568)', () => {
  const [A, B] = ['A'.repeat(40), 'B'.repeat(40)];
  const SUITE = 'AES_CM_128_HMAC_SHA1_80';
  const SHORT = 'AES_CM_128_HMAC_SHA1_32';
  const parts = { ...LOCAL, codecs: CODECS, telephoneEvent: true, direction: 'sendrecv' } as const;
  const offering = (...lines: string[]) =>
    createOffer({ ...parts, srtpKey: A }).replace(
      /a=crypto.*\r\n/,
      lines.map((l) => `a=crypto:${l}\r\n`).join(''),
    );
  const secure = (offer: string) => answerOffer(offer, { ...LOCAL, codecs: CODECS, srtpKey: B });

  it('is negotiated: each side sends with the key of its own description', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    expect(offer).toContain(`m=audio ${LOCAL.port} RTP/SAVP 0 8`);
    expect(offer).toContain(`a=crypto:1 ${SUITE} inline:${A}\r\n`);
    const { sdp, agreement } = secure(offer);
    expect(sdp).toContain(`a=crypto:1 ${SUITE} inline:${B}\r\n`);
    expect(agreement.srtp).toEqual({ send: B, receive: A });
    expect(acceptAnswer(offer, sdp).srtp).toEqual({ send: A, receive: B });
  });

  it('selects the first supported line, and names it in the answer', () => {
    const { sdp, agreement } = secure(
      offering(
        '',
        'x',
        `1 AES_256_CM_HMAC_SHA1_80 inline:${A}`,
        `2 ${SUITE} inline:${A};inline:${A}`,
        `3 ${SUITE} inline:${A} UNENCRYPTED_SRTP`,
        `4 ${SUITE} inline:short`,
        `5 ${SUITE} inline:${'C'.repeat(40)}|2^31 WSH=64`,
        `6 ${SUITE} inline:${A}`,
      ),
    );
    expect(sdp).toContain(`a=crypto:5 ${SUITE} inline:${B}\r\n`);
    expect(agreement.srtp).toEqual({ send: B, receive: 'C'.repeat(40) });
  });

  it.each<[string, string, string, object]>([
    ['a lifetime', SUITE, '|2^20', {}],
    ['a lifetime in digits', SUITE, '|1048576', {}],
    ['padding', SUITE, '==|2^31', {}],
    ['a key identifier', SUITE, '|1:4', { mkiBytes: 4 }],
    ['a lifetime and a key identifier', SUITE, '|2^31|1:1', { mkiBytes: 1 }],
    ['a tag of 32 bits', SHORT, '', { tagBytes: 4 }],
    ['a tag of 32 bits and a key identifier', SHORT, '|2^48|77:2', { tagBytes: 4, mkiBytes: 2 }],
    ['a suite in lower case', SHORT.toLowerCase(), '', { tagBytes: 4 }],
  ])('accepts %s, with the suite of the offer in the answer', (_what, suite, rest, more) => {
    const { sdp, agreement } = secure(offering(`7 ${suite} inline:${A}${rest}`));
    expect(sdp).toContain(`a=crypto:7 ${suite.toUpperCase()} inline:${B}\r\n`);
    expect(agreement.srtp).toEqual({ send: B, receive: A, ...more });
  });

  it.each(['|1:129', '|1:x', '|1:4|2^20', '|2^20|1:4|2:4'])('refuses a key with %s', (rest) => {
    expect(() => secure(offering(`1 ${SUITE} inline:${A}${rest}`))).toThrow(
      expect.objectContaining({ code: 'not_acceptable' }),
    );
  });

  it('accepts the key identifier of an answer, but only the offered suite', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    const { sdp } = secure(offer);
    const identified = sdp.replace(`inline:${B}`, `inline:${B}|2^31|9:3`);
    expect(acceptAnswer(offer, identified).srtp).toEqual({ send: A, receive: B, mkiBytes: 3 });
    expect(() => acceptAnswer(offer, sdp.replace(SUITE, SHORT))).toThrow(
      expect.objectContaining({ code: 'invalid_sdp' }),
    );
  });

  it('selects the line of an answer that matches ours, whatever precedes it', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    const { sdp } = secure(offer);
    const more = `a=crypto:2 ${SHORT} inline:${'C'.repeat(40)}\r\na=crypto:1`;
    expect(acceptAnswer(offer, sdp.replace('a=crypto:1', more)).srtp).toEqual({ send: A, receive: B });
  });

  it('is refused without a supported key, or without our own key', () => {
    const foreign = offering(`1 AES_256_CM_HMAC_SHA1_80 inline:${A}`);
    expect(() => secure(foreign)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
    expect(() => answerOffer(offering(`1 ${SUITE} inline:${A}`), { ...LOCAL, codecs: CODECS })).toThrow(
      expect.objectContaining({ code: 'not_acceptable' }),
    );
  });

  it('is not downgraded to plain RTP by an answer, nor moved to another line', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    const { sdp } = secure(offer);
    const plain = sdp.replace('RTP/SAVP', 'RTP/AVP').replace(/a=crypto.*\r\n/, '');
    expect(() => acceptAnswer(offer, plain)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
    const other = sdp.replace('a=crypto:1', 'a=crypto:2');
    expect(() => acceptAnswer(offer, other)).toThrow(expect.objectContaining({ code: 'invalid_sdp' }));
  });

  it('is not offered without a key', () => {
    expect(secure(createOffer(parts)).agreement.srtp).toBeUndefined();
  });
});
