import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers that sign a request; empty without a secret. */
export type SignatureHeaders = Record<string, string>;

/** How far a timestamp may be from now before a receiver should treat the request as a replay. */
export const TOLERANCE_SECONDS = 300;

/**
 * Signs a body: HMAC-SHA256 over the timestamp, a dot and the body, one value per active secret. The URL is not
 * signed, because proxies rewrite it and the signature would never match.
 *
 * @param timestamp Unix seconds.
 */
export function signatureHeaders(
  timestamp: number,
  rawBody: string | Buffer,
  secrets: string[],
): SignatureHeaders {
  if (secrets.length === 0) return {};
  const values = secrets.map((secret) => `v1=${hmac(timestamp, rawBody, secret).toString('hex')}`);
  return { 'X-MiniVoice-Timestamp': String(timestamp), 'X-MiniVoice-Signature': values.join(',') };
}

/**
 * Returns the header that signs a request without a body, with one value per active secret. Each value is the
 * HMAC-SHA256 of the timestamp, a dot, the method, a dot, and the URL.
 *
 * @param timestamp Unix seconds, as in `X-MiniVoice-Timestamp`.
 * @param url exactly as requested: absolute, normalized, without a fragment.
 */
export function urlSignatureHeader(
  timestamp: number,
  method: string,
  url: string,
  secrets: string[],
): SignatureHeaders {
  if (secrets.length === 0) return {};
  const values = secrets.map((secret) => `v1=${hmac(timestamp, `${method}.${url}`, secret).toString('hex')}`);
  return { 'X-MiniVoice-Signature-URL': values.join(',') };
}

/**
 * For receivers: whether a request was signed with `secret` at most five minutes ago. Takes the same time for every
 * wrong signature.
 *
 * @param now Unix seconds.
 * @param headers with lowercase names, as Node provides them.
 */
export function verifySignature(
  headers: Record<string, string | string[] | undefined>,
  rawBody: string | Buffer,
  secret: string,
  now: number,
): boolean {
  const timestamp = String(headers['x-minivoice-timestamp'] ?? '');
  const signature = String(headers['x-minivoice-signature'] ?? '');
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = hmac(timestamp, rawBody, secret);
  let matches = false;
  for (const value of signature.split(',')) {
    const given = /^\s*v1=([0-9a-f]{64})\s*$/i.exec(value)?.[1];
    if (given && timingSafeEqual(Buffer.from(given, 'hex'), expected)) matches = true;
  }
  return matches;
}

function hmac(timestamp: number | string, rawBody: string | Buffer, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();
}
