import { decodeText, encodeText, unquote } from '../message/index.ts';

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

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a header.
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * A quoted-string for a header: latin1 characters that stand for UTF-8 bytes (RFC 7616 §4).
 * @throws TypeError for control characters, which would end the header field or break it.
 */
export function quoted(text: string): string {
  if (CONTROL.test(text)) throw new TypeError('Credentials must not hold control characters');
  return `"${encodeText(text).replace(/["\\]/g, '\\$&')}"`;
}
