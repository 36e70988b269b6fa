import { type Decoded, decodings } from './decodings.ts';

/** What is kept of one call: more gathers than these in one call are a loop. */
const MAX_VALUES = 100;
/** A value of fewer characters is masked only where it stands alone: it would match everywhere. */
const MIN_INSIDE = 4;
/** A text that holds a value of so many characters reads it back; with fewer, every menu would. */
const MIN_READ_BACK = 3;
/** So many characters of a value's beginning are masked at the end of a text, which may be cut there. */
const MIN_CUT = 3;

const WORDS: Record<string, string> = {
  ...{ zero: '0', oh: '0', one: '1', two: '2', three: '3', four: '4', five: '5', six: '6', seven: '7' },
  ...{ eight: '8', nine: '9', star: '*', pound: '#', hash: '#' },
};
const SYMBOL = new RegExp(`[0-9*#]|\\b(?:${Object.keys(WORDS).join('|')})\\b`, 'gi');
const SYMBOL_OR_LETTER = new RegExp(`${SYMBOL.source}|[A-D]`, 'gi');
/** What may stand between two characters: `1 2 3 4`, `1-2-3-4`, `["1", "2"]`. */
const BETWEEN = /^[\s.,:;_|/"'\\+()-]{0,12}$/;

/** Where something was found, in characters of the text. */
type Range = readonly [start: number, end: number];

/**
 * Values that a caller entered in secret in one call. Finds them in text that others wrote, also URL-encoded,
 * JSON-escaped, as HTML entities, spaced, spelled in English, in hex and in base64, and replaces them by `*`.
 */
export class SensitiveValues {
  #values: string[] = [];
  /** What hex and base64 make of the values. */
  #encoded: { hex: string[]; base64: string[] } = { hex: [], base64: [] };
  #symbol = SYMBOL;

  /** @param value made of `0-9 * # A-D`; an empty one is left out. */
  add(value: string): void {
    if (value === '' || this.#values.includes(value)) return;
    this.#values = [value, ...this.#values].slice(0, MAX_VALUES);
    const long = this.#values.filter(({ length }) => length >= MIN_INSIDE);
    this.#encoded = { hex: long.map(hexOf), base64: long.flatMap(base64Cores) };
    if (this.#values.some((each) => /[A-D]/.test(each))) this.#symbol = SYMBOL_OR_LETTER;
  }

  get isEmpty(): boolean {
    return this.#values.length === 0;
  }

  /** Whether one of the values, of three characters or more, is in the text. */
  isIn(text: string): boolean {
    const values = this.#values.filter(({ length }) => length >= MIN_READ_BACK);
    return values.length > 0 && this.#find(text, values).length > 0;
  }

  /** The text with stars in place of the values; its length stays the same. */
  mask(text: string): string {
    return this.isEmpty ? text : starred(text, this.#find(text, this.#values));
  }

  #find(text: string, values: string[]): Range[] {
    return decodings(text).flatMap((each) =>
      [...this.#symbolsIn(each, values), ...this.#encodedIn(each.text)].map(([start, end]) =>
        each.source(start, end),
      ),
    );
  }

  /** Masks the strings of plain data, and the names of its fields; numbers and the rest stay as they are. */
  maskDeep<T>(data: T): T {
    return this.isEmpty ? data : (this.#deep(data) as T);
  }

  #deep(data: unknown): unknown {
    if (typeof data === 'string') return this.mask(data);
    if (Array.isArray(data)) return data.map((each) => this.#deep(each));
    if (data === null || typeof data !== 'object') return data;
    const entries = Object.entries(data).map(([name, value]) => [this.mask(name), this.#deep(value)]);
    return Object.fromEntries(entries);
  }

  #symbolsIn({ text }: Decoded, values: string[]): Range[] {
    return runsOf(text, this.#symbol).flatMap((run) =>
      values.flatMap((value) =>
        value.length < MIN_INSIDE ? alone(value, run, text) : inside(value, run, text),
      ),
    );
  }

  #encodedIn(text: string): Range[] {
    const { hex, base64 } = this.#encoded;
    const lower = text.toLowerCase();
    // The characters on both sides hold bits of the value too.
    const isCode = (at: number) => /[A-Za-z0-9+/_-]/.test(text.charAt(at));
    const wide = (start: number, end: number): Range => [
      isCode(start - 1) ? start - 1 : start,
      isCode(end) ? end + 1 : end,
    ];
    const found = base64.flatMap((core) => placesOf(core, text).map((at) => wide(at, at + core.length)));
    return [
      ...found,
      ...hex.flatMap((code) => placesOf(code, lower).map((at) => [at, at + code.length] as const)),
    ];
  }
}

/** Keys that follow each other in a text with nothing but separators between them. */
interface Run {
  keys: string;
  starts: number[];
  ends: number[];
}

function runsOf(text: string, symbol: RegExp): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const { 0: found, index } of text.matchAll(symbol)) {
    const before = run?.ends.at(-1) ?? 0;
    // A long gap is not looked at.
    if (!run || index - before > 12 || !BETWEEN.test(text.slice(before, index))) {
      run = { keys: '', starts: [], ends: [] };
      runs.push(run);
    }
    run.keys += WORDS[found.toLowerCase()] ?? found.toUpperCase();
    run.starts.push(index);
    run.ends.push(index + found.length);
  }
  return runs;
}

function inside(value: string, run: Run, text: string): Range[] {
  const found = placesOf(value, run.keys).map((at) => rangeOf(run, at, value.length));
  const end = run.ends.at(-1) ?? 0;
  const rest = text.slice(end, end + 13);
  if (rest.length > 12 || !/^[\s"'\\]*$/.test(rest)) return found;
  for (let length = value.length - 1; length >= MIN_CUT; length--) {
    if (run.keys.endsWith(value.slice(0, length)))
      return [...found, rangeOf(run, run.keys.length - length, length)];
  }
  return found;
}

function alone(value: string, run: Run, text: string): Range[] {
  const found = placesOf(value, run.keys).map((at) => rangeOf(run, at, value.length));
  return found.filter(
    ([start, end]) =>
      (end - start === value.length || (run.keys === value && value.length >= MIN_READ_BACK)) &&
      !/[\w%]$|\d\.$/.test(text.slice(Math.max(0, start - 2), start)) &&
      !/^\w|^\.\d/.test(text.slice(end, end + 2)),
  );
}

const rangeOf = ({ starts, ends }: Run, at: number, length: number): Range => [
  starts[at]!,
  ends[at + length - 1]!,
];

function placesOf(part: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}

function starred(text: string, ranges: Range[]): string {
  let masked = '';
  let from = 0;
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    if (end <= from) continue;
    const begin = Math.max(start, from);
    masked += text.slice(from, begin) + '*'.repeat(Math.min(end, text.length) - begin);
    from = Math.min(end, text.length);
  }
  return masked + text.slice(from);
}

const hexOf = (value: string): string => Buffer.from(value, 'latin1').toString('hex');

/** What base64 makes of the value wherever it begins in the encoded text, without the characters it shares. */
function base64Cores(value: string): string[] {
  return [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'latin1')]);
    const first = Math.ceil((shift * 8) / 6);
    return bytes.toString('base64').slice(first, Math.floor((bytes.length * 8) / 6));
  });
}
