import { SipSyntaxError } from './syntax-error.ts';

/** Names in lower case; a parameter without a value has the value ''. Values are unquoted and unescaped. */
export type Params = Map<string, string>;

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const PARAM = /\s*;\s*([A-Za-z0-9\-.!%*_+`'~]+)(?:\s*=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?\s*/y;
const KNOWN_PARAM = /^([A-Za-z0-9\-.!%*_+`'~]+)\s*(?:=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?/;
// What stands in a parameter without quotes: a token or a host (with an IPv6 address as `received` has it).
const BARE = /^[A-Za-z0-9\-.!%*_+`'~[\]:]+$/;

/** RFC 3261 §25.1 `token`: what methods, header names and tags are made of. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Reads `;name=value;flag;name="quoted"`. The first of two equal names wins. */
export function parseParams(text: string): Params {
  const params: Params = new Map();
  PARAM.lastIndex = 0;
  for (let at = 0; at < text.length; at = PARAM.lastIndex) {
    const match = PARAM.exec(text);
    if (!match) throw new SipSyntaxError(`The parameters ${JSON.stringify(text)} are malformed`);
    const name = match[1]!.toLowerCase();
    if (!params.has(name)) params.set(name, unquote(match[2] ?? ''));
  }
  return params;
}

/** The same, but leaves out what is malformed: `;;`, a `;` at the end, a value with spaces. Never throws. */
export function parseKnownParams(text: string): Params {
  const params: Params = new Map();
  for (const part of splitAt(text, ';')) {
    const [, name, value = ''] = KNOWN_PARAM.exec(part) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !params.has(key)) params.set(key, unquote(value));
  }
  return params;
}

/** Writes what `parseParams` reads; values that need quotes get them. */
export function formatParams(params: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${quoteIfNeeded(value)}`;
  return text;
}

/** The text inside a quoted-string, its backslashes resolved; anything else as it is. */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const inside = text.slice(1, -1);
  return inside.includes('\\') ? inside.replace(/\\([\s\S])/g, '$1') : inside;
}

/** RFC 3261 §25.1 `quoted-string`. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function quoteIfNeeded(value: string): string {
  return BARE.test(value) ? value : quote(value);
}

/** Splits at commas that are neither in quotes nor in angle brackets; empty members are left out. */
export function splitList(text: string): string[] {
  return text.includes(',') ? splitAt(text, ',') : text ? [text] : [];
}

function splitAt(text: string, separator: ',' | ';'): string[] {
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
