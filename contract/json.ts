/** Where a text stops being JSON; lines and columns count from 1. */
export interface JsonFault {
  line: number;
  column: number;
  /** The engine's own words, without the place. */
  reason: string;
}

/** JSON nested deeper than this is refused. */
export const MAX_DEPTH = 100;
/** JSON with more fields than this is refused: objects are what costs time to read and to check. */
const MAX_FIELDS = 10_000;

/**
 * Reads JSON, with or without a byte order mark, nested at most `MAX_DEPTH` deep and with at most `MAX_FIELDS` fields.
 * Costs some 20 ms for 1 MiB, whatever the text is: it runs on the main thread.
 * @returns the value, or where and why it could not be read.
 */
export function readJson(text: string): { value: unknown } | { fault: JsonFault } {
  // RFC 8259 §8.1: a parser may ignore a byte order mark, and some servers send one.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const excess = excessIn(body);
  if (excess) return faultAt(body, excess.at, excess.reason);
  try {
    return { value: JSON.parse(body) };
  } catch (error) {
    const reason = (error as Error).message.replace(/( in JSON at position|, ["."]).*$/s, '');
    return faultAt(body, stopsAt(body), reason);
  }
}

function faultAt(body: string, offset: number, reason: string): { fault: JsonFault } {
  let line = 1;
  let start = 0;
  for (let at = body.indexOf('\n'); at !== -1 && at < offset; at = body.indexOf('\n', start)) {
    line++;
    start = at + 1;
  }
  return { fault: { line, column: offset - start + 1, reason } };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The first bracket that opens too deep, or the first field too many. */
function excessIn(body: string): { at: number; reason: string } | undefined {
  let depth = 0;
  let fields = 0;
  let quoted = false;
  for (let at = 0; at < body.length; at++) {
    const letter = body.charCodeAt(at);
    if (letter === QUOTE) quoted = !quoted;
    else if (quoted) at += letter === BACKSLASH ? 1 : 0;
    else if (letter === OPEN_OBJECT || letter === OPEN_LIST) depth++;
    else if (letter === CLOSE_OBJECT || letter === CLOSE_LIST) depth--;
    else if (letter === COLON) fields++;
    if (depth > MAX_DEPTH) return { at, reason: `Nested more than ${MAX_DEPTH} deep` };
    if (fields > MAX_FIELDS) return { at, reason: `More than ${MAX_FIELDS} fields` };
  }
  return undefined;
}

/** What may stand next, as numbers: comparing them is cheap. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const NEEDS_COLON = 4;
const COMMA_OR_END = 5;
const NOTHING = 6;

/**
 * The offset of the first token that JSON does not allow where it stands; the length of the text where only its end is
 * wrong. The engine's messages name a place only sometimes, so the grammar (RFC 8259) is walked again: character by
 * character, with a stack instead of recursion.
 */
function stopsAt(text: string): number {
  const open: number[] = [];
  let expect = VALUE;
  for (let at = 0; at < text.length; ) {
    const letter = text.charCodeAt(at);
    const isKey = expect === KEY || expect === KEY_OR_END;
    const isValue = expect === VALUE || expect === VALUE_OR_END;
    let end = at + 1;
    if (letter === 0x20 || letter === 0x0a || letter === 0x0d || letter === 0x09) {
      at = end;
      continue;
    }
    if (letter === COMMA) {
      if (expect !== COMMA_OR_END) return at;
      expect = open.at(-1) === OPEN_OBJECT ? KEY : VALUE;
    } else if (letter === COLON) {
      if (expect !== NEEDS_COLON) return at;
      expect = VALUE;
    } else if (letter === OPEN_OBJECT || letter === OPEN_LIST) {
      if (!isValue) return at;
      open.push(letter);
      expect = letter === OPEN_OBJECT ? KEY_OR_END : VALUE_OR_END;
    } else if (letter === CLOSE_OBJECT || letter === CLOSE_LIST) {
      const isObject = letter === CLOSE_OBJECT;
      const ends = expect === COMMA_OR_END || expect === (isObject ? KEY_OR_END : VALUE_OR_END);
      if (!ends || open.pop() !== (isObject ? OPEN_OBJECT : OPEN_LIST)) return at;
      expect = open.length > 0 ? COMMA_OR_END : NOTHING;
    } else {
      if (isKey ? letter !== QUOTE : !isValue) return at;
      end = letter === QUOTE ? endOfString(text, at) : endOfScalar(text, at);
      if (end === -1) return at;
      expect = isKey ? NEEDS_COLON : open.length > 0 ? COMMA_OR_END : NOTHING;
    }
    at = end;
  }
  return text.length;
}

/** Where the string that begins at `start` ends; -1 where it is not one. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === QUOTE) return at + 1;
    if (letter < 0x20) return -1;
    if (letter !== BACKSLASH) continue;
    at++;
    if (text.charCodeAt(at) === 0x75) {
      for (const until = at + 4; at < until; ) if (!isHex(text.charCodeAt(++at))) return -1;
    } else if (!'"\\/bfnrt'.includes(text.charAt(at) || ' ')) return -1;
  }
  return -1;
}

const isDigit = (letter: number): boolean => letter >= 0x30 && letter <= 0x39;
const isHex = (letter: number): boolean =>
  isDigit(letter) || ((letter | 0x20) >= 0x61 && (letter | 0x20) <= 0x66);

/** Where the number, or the word, that begins at `at` ends; -1 where it is neither. */
function endOfScalar(text: string, at: number): number {
  for (const word of WORDS) if (text.startsWith(word, at)) return at + word.length;
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

const WORDS = ['true', 'false', 'null'];

/** Where the digits that begin at `at` end. */
function digits(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}
