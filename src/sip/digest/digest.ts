import { createHash } from 'node:crypto';
import { decodeText, encodeText, unquote } from '../message/index.ts';

/** A digest algorithm (RFC 8760 §2); the `-sess` variants also hash the nonces into the secret. */
export type Algorithm = 'MD5' | 'SHA-256' | 'SHA-512-256' | 'MD5-sess' | 'SHA-256-sess' | 'SHA-512-256-sess';

const HASHES: Record<string, string> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };
const ALGORITHMS = new Map<string, Algorithm>();
for (const base of Object.keys(HASHES)) {
  ALGORITHMS.set(base.toLowerCase(), base as Algorithm);
  ALGORITHMS.set(`${base.toLowerCase()}-sess`, `${base}-sess` as Algorithm);
}

/** Reads an algorithm name in any case; a missing name means MD5. @returns undefined if unsupported. */
export function algorithmOf(name: string | undefined): Algorithm | undefined {
  return name === undefined ? 'MD5' : ALGORITHMS.get(name.toLowerCase());
}

/** Hashes the parts, joined by colons, as UTF-8. @returns lower-case hex. */
function hash(algorithm: Algorithm, ...parts: string[]): string {
  return createHash(HASHES[algorithm.replace('-sess', '')]!).update(parts.join(':'), 'utf8').digest('hex');
}

/**
 * The H(A1) of RFC 7616 §3.4.2, for one user in one realm. A server may store it in place of the password.
 * Equal for an algorithm and its `-sess` variant.
 */
export function ha1(algorithm: Algorithm, username: string, realm: string, password: string): string {
  return hash(algorithm, username, realm, password);
}

/** The `response` value (RFC 7616 §3.4.1); without `qop` that of RFC 2069, which old servers expect. */
export function digestResponse(parts: {
  algorithm: Algorithm;
  ha1: string;
  method: string;
  uri: string;
  nonce: string;
  qop: { nonceCount: string; cnonce: string } | undefined;
}): string {
  const { algorithm, nonce, qop } = parts;
  const session = algorithm.endsWith('-sess');
  const secret = session ? hash(algorithm, parts.ha1, nonce, qop?.cnonce ?? '') : parts.ha1;
  const ha2 = hash(algorithm, parts.method, parts.uri);
  if (!qop) return hash(algorithm, secret, nonce, ha2);
  return hash(algorithm, secret, nonce, qop.nonceCount, qop.cnonce, 'auth', ha2);
}

const FIELD = /\s*([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s,"]+)\s*(?:,|$)/y;

/** Reads `Digest name=value, name="value"`. @returns undefined for another scheme or a malformed value. */
export function parseFields(text: string): Map<string, string> | undefined {
  const scheme = /^\s*Digest\s+/i.exec(text);
  if (!scheme) return undefined;
  const fields = new Map<string, string>();
  FIELD.lastIndex = scheme[0].length;
  for (let at = FIELD.lastIndex; at < text.length; at = FIELD.lastIndex) {
    const match = FIELD.exec(text);
    if (!match || fields.has(match[1]!.toLowerCase()) || CONTROL.test(match[2]!)) return undefined;
    fields.set(match[1]!.toLowerCase(), decodeText(unquote(match[2]!)));
  }
  return fields;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are not allowed in a header.
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Writes a quoted-string for a header, with one latin1 character per UTF-8 byte (RFC 7616 §4).
 * @throws TypeError for control characters, which would break the header field.
 */
export function quoted(text: string): string {
  if (CONTROL.test(text)) throw new TypeError('Credentials must not contain control characters');
  return `"${encodeText(text).replace(/["\\]/g, '\\$&')}"`;
}
