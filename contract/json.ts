/** Where a text stops being JSON; lines and columns count from 1. */
export interface JsonFault {
  line: number;
  column: number;
  /** The engine's own words, without the place. */
  reason: string;
}

/** What is nested deeper would break those who walk through it, and is never meant. */
export const MAX_DEPTH = 100;

/**
 * Reads JSON, with or without a byte order mark, nested at most `MAX_DEPTH` deep.
 * @returns the value, or where and why it could not be read.
 */
export function readJson(text: string): { value: unknown } | { fault: JsonFault } {
  // RFC 8259 §8.1: a parser may ignore a byte order mark, and some servers send one.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const deep = tooDeepAt(body);
  if (deep !== undefined) return faultAt(body, deep, `Nested more than ${MAX_DEPTH} deep`);
  try {
    return { value: JSON.parse(body) };
  } catch (error) {
    const reason = (error as Error).message.replace(/( in JSON at position|, ["."]).*$/s, '');
    return faultAt(body, stopsAt(body), reason);
  }
}

function faultAt(body: string, offset: number, reason: string): { fault: JsonFault } {
  const before = body.slice(0, offset).split('\n');
  return { fault: { line: before.length, column: before.at(-1)!.length + 1, reason } };
}

/** The offset of the first bracket that opens too deep. */
function tooDeepAt(body: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < body.length; at++) {
    const letter = body[at];
    if (quoted && letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (letter === '{' || letter === '[') depth++;
    else if (letter === '}' || letter === ']') depth--;
    if (depth > MAX_DEPTH) return at;
  }
  return undefined;
}

const TOKEN =
  /[ \t\n\r]+|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

type Expect = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'nothing';

/**
 * The offset of the first token that JSON does not allow there. The engine's messages name a place only
 * sometimes, so the grammar (RFC 8259) is walked again, with a stack instead of recursion.
 */
function stopsAt(text: string): number {
  const open: string[] = [];
  let expect: Expect = 'value';
  let at = 0;
  for (; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return at;
    if (/^\s/.test(token)) continue;
    const next = step(expect, token, open);
    if (next === undefined) return at;
    expect = next;
  }
  return at;
}

/** What may follow `token`, or undefined where it may not stand. */
function step(expect: Expect, token: string, open: string[]): Expect | undefined {
  const isValue = expect === 'value' || expect === 'valueOrEnd';
  if (token === '{' || token === '[') {
    if (!isValue) return undefined;
    open.push(token);
    return token === '{' ? 'keyOrEnd' : 'valueOrEnd';
  }
  if (token === '}' || token === ']') {
    const ends = token === '}' ? expect === 'keyOrEnd' : expect === 'valueOrEnd';
    const closes = open.at(-1) === (token === '}' ? '{' : '[');
    if (!closes || (!ends && expect !== 'commaOrEnd')) return undefined;
    open.pop();
    return after(open);
  }
  if (token === ':') return expect === 'colon' ? 'value' : undefined;
  if (token === ',') return expect === 'commaOrEnd' ? (open.at(-1) === '{' ? 'key' : 'value') : undefined;
  if (expect === 'key' || expect === 'keyOrEnd') return token.startsWith('"') ? 'colon' : undefined;
  return isValue ? after(open) : undefined;
}

const after = (open: string[]): Expect => (open.length > 0 ? 'commaOrEnd' : 'nothing');
