/** The limit of nested encodings that are decoded. */
const MAX_DEPTH = 4;

/** A decoded text that knows the source position of each of its characters. */
export class Decoded {
  readonly text: string;
  /** The source position of each character, and of the end; undefined: the same position. */
  #sources: Uint32Array | undefined;

  constructor(text: string, sources?: Uint32Array) {
    this.text = text;
    this.#sources = sources;
  }

  /** The range of the source text that became this range. */
  source(start: number, end: number): readonly [start: number, end: number] {
    const from = Math.max(0, start);
    const to = Math.min(this.text.length, end);
    return [this.sourceAt(from), this.sourceAt(to)];
  }

  sourceAt(at: number): number {
    return this.#sources ? this.#sources[at]! : at;
  }

  /** Decodes once more, in linear time; undefined when there is nothing to decode. */
  next(): Decoded | undefined {
    const { text: encoded } = this;
    const codes = new Uint16Array(encoded.length);
    const sources = new Uint32Array(encoded.length + 1);
    let length = 0;
    let at = 0;
    while (at < encoded.length) {
      const escaped = escapeAt(encoded, at);
      // Backslashes that escape nothing are copied together: each of them would search all that follow.
      const plainEnd = escaped ? at : Math.max(at + 1, backslashesEnd(encoded, at));
      if (escaped) {
        sources[length] = this.sourceAt(at);
        codes[length++] = escaped.code;
      }
      for (let from = at; from < plainEnd; from++) {
        sources[length] = this.sourceAt(from);
        codes[length++] = encoded.charCodeAt(from);
      }
      at = escaped ? escaped.end : plainEnd;
    }
    if (length === encoded.length) return undefined;
    sources[length] = this.sourceAt(encoded.length);
    return new Decoded(textOf(codes.subarray(0, length)), sources.subarray(0, length + 1));
  }
}

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
const HTML = /&#(?:(\d{1,7})|x([0-9a-f]{1,6}));/iy;
const HEX = /^[0-9a-f]+$/i;

/** Decodes `%31`, `\u0031` with any number of backslashes, `&#49;` or `&#x31;`. @returns the character and its end. */
function escapeAt(text: string, at: number): { code: number; end: number } | undefined {
  const first = text.charCodeAt(at);
  if (first === PERCENT) return hexAt(text, at + 1, 2);
  if (first === BACKSLASH) {
    const end = backslashesEnd(text, at);
    return text[end] === 'u' || text[end] === 'U' ? hexAt(text, end + 1, 4) : undefined;
  }
  if (first !== AMPERSAND) return undefined;
  HTML.lastIndex = at;
  const html = HTML.exec(text);
  if (!html) return undefined;
  return { code: html[1] ? Number(html[1]) : Number.parseInt(html[2]!, 16), end: HTML.lastIndex };
}

function hexAt(text: string, start: number, length: number): { code: number; end: number } | undefined {
  const digits = text.slice(start, start + length);
  if (digits.length < length || !HEX.test(digits)) return undefined;
  return { code: Number.parseInt(digits, 16), end: start + length };
}

function backslashesEnd(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === BACKSLASH) end++;
  return end;
}

/** Converts UTF-16 code units to a string. Surrogates need not be pairs. */
function textOf(codes: Uint16Array): string {
  const bytes = Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength);
  return bytes.toString('utf16le');
}

/** The text, and the results of repeatedly decoding URL, JSON and HTML escapes. */
export function decodings(text: string): Decoded[] {
  const all = [new Decoded(text)];
  for (let next = all[0]!.next(); next && all.length < MAX_DEPTH; next = next.next()) all.push(next);
  return all;
}
