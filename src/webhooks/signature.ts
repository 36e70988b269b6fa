import { createHmac, timingSafeEqual } from 'node:crypto';

/** The two headers of a signed request; none where there is no secret. */
export type SignatureHeaders = Record<string, string>;

/** How old a timestamp may be before a receiver should take the request for a replay. */
export const TOLERANCE_SECONDS = 300;

/**
 * Signs what is sent: HMAC-SHA256 over the timestamp, a dot and the body, one value for each secret that is
 * live. The URL is left out on purpose: proxies rewrite it, and then no signature would ever match.
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
 * Signs a request that has no body: HMAC-SHA256 over the timestamp, a dot, the method, a dot and the URL, one value
 * for each active secret. Empty without a secret.
 *
 * @param timestamp Unix seconds, as in `X-MiniVoice-Timestamp`.
 * @param url exactly as it is requested: absolute, normalized, without a fragment.
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
 * For receivers: whether a request was signed with `secret` within the last five minutes. Takes the same time
 * for every wrong signature.
 *
 * @param now Unix seconds.
 * @param headers with names in lower case, as Node gives them.
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
