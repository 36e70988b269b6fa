/** The place of a syntax error in JSON; lines and columns count from 1. */
export interface JsonSyntaxError {
  line: number;
  column: number;
  /** The message of the JavaScript engine, without the place. */
  reason: string;
}

/** The maximum nesting depth of JSON. */
export const MAX_DEPTH = 100;
/** The maximum number of fields in JSON: objects take most of the time to parse and check. */
const MAX_FIELDS = 10_000;

/**
 * Parses JSON with at most `MAX_DEPTH` levels and `MAX_FIELDS` fields.
 *
 * Accepts a byte order mark. Takes about 20 ms for 1 MiB of any text, because it runs on the main thread.
 * @returns the value, or the place and reason of the error.
 */
export function readJson(text: string): { value: unknown } | { error: JsonSyntaxError } {
  // RFC 8259 §8.1: a parser may ignore a byte order mark. Some servers send one.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const excess = excessIn(body);
  if (excess) return errorAt(body, excess.at, excess.reason);
  try {
    return { value: JSON.parse(body) };
  } catch (error) {
    const reason = (error as Error).message.replace(/( in JSON at position|, ["."]).*$/s, '');
    return errorAt(body, errorOffset(body), reason);
  }
}

function errorAt(body: string, offset: number, reason: string): { error: JsonSyntaxError } {
  let line = 1;
  let start = 0;
  for (let at = body.indexOf('\n'); at !== -1 && at < offset; at = body.indexOf('\n', start)) {
    line++;
    start = at + 1;
  }
  return { error: { line, column: offset - start + 1, reason } };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Finds the first bracket beyond the depth limit, or the first field beyond the field limit. */
function excessIn(body: string): { at: number; reason: string } | undefined {
  let depth = 0;
  let fields = 0;
  let quoted = false;
  for (let at = 0; at < body.length; at++) {
    const char = body.charCodeAt(at);
    if (char === QUOTE) quoted = !quoted;
    else if (quoted) at += char === BACKSLASH ? 1 : 0;
    else if (char === OPEN_OBJECT || char === OPEN_LIST) depth++;
    else if (char === CLOSE_OBJECT || char === CLOSE_LIST) depth--;
    else if (char === COLON) fields++;
    if (depth > MAX_DEPTH) return { at, reason: `Nested more than ${MAX_DEPTH} deep` };
    if (fields > MAX_FIELDS) return { at, reason: `More than ${MAX_FIELDS} fields` };
  }
  return undefined;
}

/** What the grammar allows next. Numbers, because they are fast to compare. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const NEEDS_COLON = 4;
const COMMA_OR_END = 5;
const NOTHING = 6;

/**
 * Finds the offset of the first token that the grammar (RFC 8259) does not allow.
 *
 * It is the length of the text if only the end is missing. The messages of the engine do not always contain the place, so this scans the text again, with a stack instead of
 * recursion.
 */
function errorOffset(text: string): number {
  const open: number[] = [];
  let expect = VALUE;
  for (let at = 0; at < text.length; ) {
    const char = text.charCodeAt(at);
    const isKey = expect === KEY || expect === KEY_OR_END;
    const isValue = expect === VALUE || expect === VALUE_OR_END;
    let end = at + 1;
    if (char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09) {
      at = end;
      continue;
    }
    if (char === COMMA) {
      if (expect !== COMMA_OR_END) return at;
      expect = open.at(-1) === OPEN_OBJECT ? KEY : VALUE;
    } else if (char === COLON) {
      if (expect !== NEEDS_COLON) return at;
      expect = VALUE;
    } else if (char === OPEN_OBJECT || char === OPEN_LIST) {
      if (!isValue) return at;
      open.push(char);
      expect = char === OPEN_OBJECT ? KEY_OR_END : VALUE_OR_END;
    } else if (char === CLOSE_OBJECT || char === CLOSE_LIST) {
      const isObject = char === CLOSE_OBJECT;
      const ends = expect === COMMA_OR_END || expect === (isObject ? KEY_OR_END : VALUE_OR_END);
      if (!ends || open.pop() !== (isObject ? OPEN_OBJECT : OPEN_LIST)) return at;
      expect = open.length > 0 ? COMMA_OR_END : NOTHING;
    } else {
      if (isKey ? char !== QUOTE : !isValue) return at;
      end = char === QUOTE ? endOfString(text, at) : endOfScalar(text, at);
      if (end === -1) return at;
      expect = isKey ? NEEDS_COLON : open.length > 0 ? COMMA_OR_END : NOTHING;
    }
    at = end;
  }
  return text.length;
}

/** The end of the string that begins at `start`; -1 if the string is invalid. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return at + 1;
    if (char < 0x20) return -1;
    if (char !== BACKSLASH) continue;
    at++;
    if (text.charCodeAt(at) === 0x75) {
      for (const until = at + 4; at < until; ) if (!isHex(text.charCodeAt(++at))) return -1;
    } else if (!'"\\/bfnrt'.includes(text.charAt(at) || ' ')) return -1;
  }
  return -1;
}

const isDigit = (char: number): boolean => char >= 0x30 && char <= 0x39;
const isHex = (char: number): boolean => isDigit(char) || ((char | 0x20) >= 0x61 && (char | 0x20) <= 0x66);

/** The end of the number or keyword that begins at `at`; -1 if there is neither. */
function endOfScalar(text: string, at: number): number {
  for (const word of KEYWORDS) if (text.startsWith(word, at)) return at + word.length;
  const first = text.charCodeAt(at) === 0x2d ? at + 1 : at;
  let end = digits(text, first);
  if (end === first) return -1;
  if (text.charCodeAt(first) === 0x30) end = first + 1;
  if (text.charCodeAt(end) === 0x2e && isDigit(text.charCodeAt(end + 1))) end = digits(text, end + 1);
  if ((text.charCodeAt(end) | 0x20) !== 0x65) return end;
  const sign = text.charCodeAt(end + 1);
  const power = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
  return isDigit(text.charCodeAt(power)) ? digits(text, power) : end;
}

const KEYWORDS = ['true', 'false', 'null'];

/** The end of the digits that begin at `at`. */
function digits(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}
