import { describe, expect, it } from 'vitest';
import { signatureHeaders, urlSignatureHeader, verifySignature } from './signature.ts';

const BODY = '{"event":"call.answered"}';

// printf '1780056000.{"event":"call.answered"}' | openssl dgst -sha256 -hmac "$SECRET"
const BY_OPENSSL = {
  whsec_one: 'd9a9889cb7c5da701089e02f26cfba0a7611529bc58100292f6aa8d07548072e',
  whsec_two: 'c808f7244fbd23fc3a440aac4c7c2bda17aa7d69ea3a94154dac360d2ca54e10',
};

const received = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

describe('a signature', () => {
  it('is the HMAC that openssl computes over timestamp, dot and body', () => {
    expect(signatureHeaders(1780056000, BODY, ['whsec_one'])).toEqual({
      'X-MiniVoice-Timestamp': '1780056000',
      'X-MiniVoice-Signature': `v1=${BY_OPENSSL.whsec_one}`,
    });
  });

  it('has one value for each secret while secrets are rotated', () => {
    const headers = signatureHeaders(1780056000, Buffer.from(BODY), ['whsec_one', 'whsec_two']);
    expect(headers['X-MiniVoice-Signature']).toBe(`v1=${BY_OPENSSL.whsec_one},v1=${BY_OPENSSL.whsec_two}`);
  });

  it('is absent without a secret', () => {
    expect(signatureHeaders(1780056000, BODY, [])).toEqual({});
  });

  it('is valid with each of the secrets, for five minutes', () => {
    const headers = received(signatureHeaders(1000, BODY, ['old', 'new']));
    expect(verifySignature(headers, BODY, 'old', 1000)).toBe(true);
    expect(verifySignature(headers, Buffer.from(BODY), 'new', 1300)).toBe(true);
    expect(verifySignature(headers, BODY, 'new', 1301)).toBe(false);
    expect(verifySignature(headers, BODY, 'new', 699)).toBe(false);
    expect(verifySignature(headers, BODY, 'other', 1000)).toBe(false);
  });

  it('is invalid for another body, time or format', () => {
    const headers = received(signatureHeaders(1000, BODY, ['secret']));
    const { 'x-minivoice-signature': signature } = headers;
    expect(verifySignature(headers, `${BODY} `, 'secret', 1000)).toBe(false);
    expect(verifySignature({ ...headers, 'x-minivoice-timestamp': '1001' }, BODY, 'secret', 1000)).toBe(
      false,
    );
    expect(verifySignature({ ...headers, 'x-minivoice-timestamp': '1e3' }, BODY, 'secret', 1000)).toBe(false);
    for (const wrong of [
      undefined,
      '',
      'v1=',
      'v1=abc',
      signature?.slice(3),
      signature?.replace('v1', 'v2'),
    ]) {
      expect(verifySignature({ ...headers, 'x-minivoice-signature': wrong }, BODY, 'secret', 1000)).toBe(
        false,
      );
    }
  });
});

describe('the signature of a URL', () => {
  const URL_ = 'https://app.test/answer?reason=answer&from=%2B15550001111';

  it('is the HMAC that openssl computes over timestamp, method and URL', () => {
    // printf '1780056000.GET.https://app.test/answer?reason=answer&from=%%2B15550001111' | openssl dgst -sha256 -hmac whsec_one
    expect(urlSignatureHeader(1780056000, 'GET', URL_, ['whsec_one'])).toEqual({
      'X-MiniVoice-Signature-URL': 'v1=33996b92651020f765aca94896fbe759251153143ab8952e70b5dc9486d8a87d',
    });
  });

  it('has one value for each secret while secrets are rotated, and is absent without a secret', () => {
    const of = (secrets: string[]) =>
      urlSignatureHeader(1780056000, 'GET', URL_, secrets)['X-MiniVoice-Signature-URL'];
    expect(of(['whsec_one', 'whsec_two'])).toBe(`${of(['whsec_one'])},${of(['whsec_two'])}`);
    expect(of([])).toBeUndefined();
  });
});
