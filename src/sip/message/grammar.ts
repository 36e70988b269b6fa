import { isUtf8 } from 'node:buffer';

/** Parameters by lower-case name, '' where there is no value. Values are unquoted and unescaped. */
export type Params = Map<string, string>;

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** Tests for a `token` (RFC 3261 §25.1), as in methods, header names and tags. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Returns the content of a quoted-string with its escapes resolved; any other text unchanged. */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const inside = text.slice(1, -1);
  return inside.includes('\\') ? inside.replace(/\\([\s\S])/g, '$1') : inside;
}

/** Writes a `quoted-string` (RFC 3261 §25.1). */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Splits at commas outside of quotes and angle brackets, without empty members. */
export function splitList(text: string): string[] {
  return text.includes(',') ? splitAt(text, ',') : text ? [text] : [];
}

/** Splits at a separator outside of quotes and angle brackets; members are trimmed, empty ones dropped. */
export function splitAt(text: string, separator: ',' | ';'): string[] {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') depth++;
    else if (char === '>') depth--;
    else if (char === separator && depth <= 0) {
      members.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  members.push(text.slice(start).trim());
  return members.filter(Boolean);
}

/** Decodes a header value whose bytes are UTF-8 (RFC 3261 §25.1); returns any other value unchanged. */
export function decodeText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** Encodes text as a header value that `decodeText` reads. */
export function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
