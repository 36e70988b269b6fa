import { describe, expect, it } from 'vitest';
import { acceptAnswer, answerOffer, createOffer } from './index.ts';

const LOCAL = { address: '192.0.2.1', port: 20_000, sessionId: 42, version: 1 };
const CODECS = ['PCMU', 'PCMA'] as const;

describe('encrypted sound (RFC 4568)', () => {
  const [A, B] = ['A'.repeat(40), 'B'.repeat(40)];
  const SUITE = 'AES_CM_128_HMAC_SHA1_80';
  const parts = { ...LOCAL, codecs: CODECS, telephoneEvent: true, direction: 'sendrecv' } as const;
  const offering = (...lines: string[]) =>
    createOffer({ ...parts, srtpKey: A }).replace(
      /a=crypto.*\r\n/,
      lines.map((l) => `a=crypto:${l}\r\n`).join(''),
    );
  const secure = (offer: string) => answerOffer(offer, { ...LOCAL, codecs: CODECS, srtpKey: B });

  it('is agreed on, each side sending with the key that it says', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    expect(offer).toContain(`m=audio ${LOCAL.port} RTP/SAVP 0 8`);
    expect(offer).toContain(`a=crypto:1 ${SUITE} inline:${A}\r\n`);
    const { sdp, agreement } = secure(offer);
    expect(sdp).toContain(`a=crypto:1 ${SUITE} inline:${B}\r\n`);
    expect(agreement.srtp).toEqual({ send: B, receive: A });
    expect(acceptAnswer(offer, sdp).srtp).toEqual({ send: A, receive: B });
  });

  it('takes the first line that is understood, and says which', () => {
    const { sdp, agreement } = secure(
      offering(
        `1 AES_256_CM_HMAC_SHA1_80 inline:${A}`,
        `2 ${SUITE} inline:${A}|2^20|1:4`,
        `3 ${SUITE} inline:${A} UNENCRYPTED_SRTP`,
        `4 ${SUITE} inline:short`,
        `5 ${SUITE} inline:${'C'.repeat(40)}|2^31 WSH=64`,
      ),
    );
    expect(sdp).toContain(`a=crypto:5 ${SUITE} inline:${B}`);
    expect(agreement.srtp?.receive).toBe('C'.repeat(40));
  });

  it('without a key that is understood, or without one of ours, is refused', () => {
    const foreign = offering(`1 AES_256_CM_HMAC_SHA1_80 inline:${A}`);
    expect(() => secure(foreign)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
    expect(() => answerOffer(offering(`1 ${SUITE} inline:${A}`), { ...LOCAL, codecs: CODECS })).toThrow(
      expect.objectContaining({ code: 'not_acceptable' }),
    );
  });

  it('is not given up for plain sound, nor taken for another line', () => {
    const offer = createOffer({ ...parts, srtpKey: A });
    const { sdp } = secure(offer);
    const plain = sdp.replace('RTP/SAVP', 'RTP/AVP').replace(/a=crypto.*\r\n/, '');
    expect(() => acceptAnswer(offer, plain)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
    const other = sdp.replace('a=crypto:1', 'a=crypto:2');
    expect(() => acceptAnswer(offer, other)).toThrow(expect.objectContaining({ code: 'invalid_sdp' }));
  });

  it('is not offered to who does not ask for it', () => {
    expect(secure(createOffer(parts)).agreement.srtp).toBeUndefined();
  });
});
