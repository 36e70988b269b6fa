/** Text that was encoded more often than this is not read. */
const MAX_DEPTH = 4;

/** A text after some decoding, which knows where each of its characters came from. */
export class Decoded {
  readonly text: string;
  /** Where each character begins in the first text, and where the last one ends; undefined: at its own place. */
  #places: Uint32Array | undefined;

  constructor(text: string, places?: Uint32Array) {
    this.text = text;
    this.#places = places;
  }

  /** The part of the first text that became this part. */
  source(start: number, end: number): readonly [start: number, end: number] {
    const from = Math.max(0, start);
    const to = Math.min(this.text.length, end);
    return [this.place(from), this.place(to)];
  }

  place(at: number): number {
    return this.#places ? this.#places[at]! : at;
  }

  /** Decodes once more; undefined where there is nothing to decode. Takes time in proportion to the text's length. */
  next(): Decoded | undefined {
    const { text: encoded } = this;
    const codes = new Uint16Array(encoded.length);
    const places = new Uint32Array(encoded.length + 1);
    let length = 0;
    let at = 0;
    while (at < encoded.length) {
      const escaped = escapeAt(encoded, at);
      // Backslashes that escape nothing are copied together: each would look at all that follow.
      const plainEnd = escaped ? at : Math.max(at + 1, backslashesEnd(encoded, at));
      if (escaped) {
        places[length] = this.place(at);
        codes[length++] = escaped.code;
      }
      for (let from = at; from < plainEnd; from++) {
        places[length] = this.place(from);
        codes[length++] = encoded.charCodeAt(from);
      }
      at = escaped ? escaped.end : plainEnd;
    }
    if (length === encoded.length) return undefined;
    places[length] = this.place(encoded.length);
    return new Decoded(textOf(codes.subarray(0, length)), places.subarray(0, length + 1));
  }
}

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
const HTML = /&#(?:(\d{1,7})|x([0-9a-f]{1,6}));/iy;
const HEX = /^[0-9a-f]+$/i;

/** The character that `%31`, `\u0031` with any number of backslashes, `&#49;` or `&#x31;` stands for, and where it ends. */
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

/** @param codes UTF-16 code units; surrogates need not be pairs. */
function textOf(codes: Uint16Array): string {
  const bytes = Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength);
  return bytes.toString('utf16le');
}

/** The text as it is, and after each round of decoding URL, JSON and HTML escapes. */
export function decodings(text: string): Decoded[] {
  const all = [new Decoded(text)];
  for (let next = all[0]!.next(); next && all.length < MAX_DEPTH; next = next.next()) all.push(next);
  return all;
}
