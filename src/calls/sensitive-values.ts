import { decodings } from './decodings.ts';

/** The limit of values per call: more gathers than this are a loop. */
const MAX_VALUES = 100;
/** Shorter values are masked only where they stand alone, because they match too often. */
const MIN_INSIDE = 4;
/** A text with a shorter value does not count as sensitive: every menu contains single digits. */
const MIN_READ_BACK = 3;
/** The shortest beginning of a value that is masked at the end of a text, which may be cut there. */
const MIN_CUT = 3;

const WORDS: Record<string, string> = {
  ...{ zero: '0', oh: '0', one: '1', two: '2', three: '3', four: '4', five: '5', six: '6', seven: '7' },
  ...{ eight: '8', nine: '9', star: '*', pound: '#', hash: '#' },
};
/** Spelled keys. */
const WORD = new RegExp(`(?:${Object.keys(WORDS).join('|')})\\b`, 'giy');
const WORD_STARTS = new Set(Object.keys(WORDS).flatMap((word) => [word[0]!, word[0]!.toUpperCase()]));
/**
 * Separators between two characters of a value, and invisible characters. The values in `1 2 3 4`, `1-2-3-4`,
 * `["1", "2"]`, and `1\n2` in JSON are found.
 */
const BETWEEN = /^(?:\\[nrt]?|[\s.,:;_|/"'+()\u00ad\u200b-\u200f\u2060-])*$/;
/** The longest separator. */
const MAX_BETWEEN = 12;

/** A range of characters. */
type Range = readonly [start: number, end: number];

/**
 * The sensitive values of one call. Finds them in texts, also URL-encoded, JSON-escaped, as HTML entities, spaced,
 * spelled in English, in hex and in base64, and replaces them by `*`.
 */
export class SensitiveValues {
  /** Newest first. */
  #values: string[] = [];
  /** Find long values in keys, and short ones that stand alone in a text. */
  #long: Finder = () => [];
  #short: Finder = () => [];
  /** Finds short values that make a text sensitive. */
  #readBack: Finder = () => [];
  /** Find the hex and base64 forms of long values. */
  #hex: Finder = () => [];
  #base64: Finder = () => [];
  /** Whether a value contains the keys A to D. */
  #hasLetters = false;

  /** Adds a value of `0-9 * # A-D`. An empty one is ignored. */
  add(value: string): void {
    if (value === '' || this.#values.includes(value)) return;
    this.#values = [value, ...this.#values].slice(0, MAX_VALUES);
    const long = this.#values.filter(({ length }) => length >= MIN_INSIDE);
    const short = this.#values.filter(({ length }) => length < MIN_INSIDE);
    this.#long = finderOf(long);
    this.#short = finderOf(short, ALONE);
    this.#readBack = finderOf(short.filter(isReadBack), ALONE);
    this.#hex = finderOf(long.map(hexOf));
    this.#base64 = finderOf(long.flatMap(base64Cores));
    this.#hasLetters ||= /[A-D]/.test(value);
  }

  get isEmpty(): boolean {
    return this.#values.length === 0;
  }

  /** Whether the text contains one of the values, of at least three characters. */
  isIn(text: string): boolean {
    return this.#find(text, this.#readBack).length > 0;
  }

  /** Replaces the values by stars. The length stays the same. */
  mask(text: string): string {
    return this.isEmpty ? text : starred(text, this.#find(text, this.#short));
  }

  #find(text: string, findShort: Finder): Range[] {
    return decodings(text).flatMap((each) => {
      const found = [...this.#symbolsIn(each.text), ...findShort(each.text), ...this.#encodedIn(each.text)];
      return found.map(([start, end]) => each.source(start, end));
    });
  }

  /** Masks the strings and field names of plain data. Numbers stay as they are. */
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

  #symbolsIn(text: string): Range[] {
    const runs = runsOf(text, this.#hasLetters);
    const found = runs.flatMap((run) =>
      this.#isShort(run, text)
        ? [rangeOf(run, 0, run.keys.length)]
        : this.#long(run.keys).map(([start, end]) => rangeOf(run, start, end)),
    );
    return [...found, ...this.#cutOff(runs.at(-1), text)];
  }

  /** Whether a run consists of a short value only. */
  #isShort({ keys, starts, ends }: Run, text: string): boolean {
    return (
      isReadBack(keys) &&
      this.#values.includes(keys) &&
      new RegExp(`${ALONE.before}$`).test(text.slice(Math.max(0, starts[0]! - 2), starts[0])) &&
      new RegExp(`^${ALONE.after}`).test(text.slice(ends.at(-1), ends.at(-1)! + 2))
    );
  }

  /** Finds the beginning of a long value at the end of the text, which may be cut there. */
  #cutOff(last: Run | undefined, text: string): Range[] {
    if (!last || !/^[\s"'\\]{0,12}$/.test(text.slice(last.ends.at(-1), last.ends.at(-1)! + 13))) return [];
    const { keys } = last;
    return this.#values.flatMap((value) => {
      if (value.length < MIN_INSIDE) return [];
      for (let length = value.length - 1; length >= MIN_CUT; length--)
        if (keys.endsWith(value.slice(0, length))) return [rangeOf(last, keys.length - length, keys.length)];
      return [];
    });
  }

  #encodedIn(text: string): Range[] {
    // The adjacent characters contain bits of the value, too.
    const isCode = (at: number) => /[A-Za-z0-9+/_-]/.test(text.charAt(at));
    const base64 = this.#base64(text).map(
      ([start, end]): Range => [isCode(start - 1) ? start - 1 : start, isCode(end) ? end + 1 : end],
    );
    return [...base64, ...this.#hex(text.toLowerCase())];
  }
}

const isReadBack = ({ length }: string): boolean => length >= MIN_READ_BACK && length < MIN_INSIDE;

/** A short value stands alone if it is not part of a word, a date or a decimal number. */
const ALONE = { before: '(?<![\\w%]|\\d\\.)', after: '(?!\\w|\\.\\d)' };

/** Finds parts of a text. Overlapping ones are one range. */
type Finder = (text: string) => Range[];

/** Creates a finder that searches a text once for all parts, because it runs on the main thread. */
function finderOf(parts: string[], { before, after } = { before: '', after: '' }): Finder {
  if (parts.length === 0) return () => [];
  const longestFirst = [...new Set(parts)].sort((a, b) => b.length - a.length);
  const alternatives = longestFirst.map((part) => part.replace(/[*+]/g, '\\$&')).join('|');
  const pattern = new RegExp(`${before}(?=(${alternatives})${after})`, before ? 'gi' : 'g');
  return (text) => {
    const ranges: [number, number][] = [];
    for (const { 1: part, index } of text.matchAll(pattern)) {
      const end = index + part!.length;
      const last = ranges.at(-1);
      if (last && index < last[1]) last[1] = Math.max(last[1], end);
      else ranges.push([index, end]);
    }
    return ranges;
  };
}

/** Consecutive keys in a text, with only separators between them. */
interface Run {
  keys: string;
  starts: number[];
  ends: number[];
}

/** Finds the runs that are long enough for a value or its beginning. Searches once, without allocating objects. */
function runsOf(text: string, withLetters: boolean): Run[] {
  const runs: Run[] = [];
  let run: Run = { keys: '', starts: [], ends: [] };
  let before = 0;
  for (let at = 0; at < text.length; ) {
    const key = keyAt(text, at, withLetters);
    const end = key === undefined ? wordEnd(text, at) : at + 1;
    if (end === at) {
      at++;
      continue;
    }
    if (run.keys !== '' && !isBetween(text, before, at)) {
      if (run.keys.length >= MIN_READ_BACK) runs.push(run);
      run = run.keys.length >= MIN_READ_BACK ? { keys: '', starts: [], ends: [] } : emptied(run);
    }
    run.keys += key ?? WORDS[text.slice(at, end).toLowerCase()];
    run.starts.push(at);
    run.ends.push(end);
    before = end;
    at = end;
  }
  if (run.keys.length >= MIN_READ_BACK) runs.push(run);
  return runs;
}

function emptied(run: Run): Run {
  run.keys = '';
  run.starts.length = 0;
  run.ends.length = 0;
  return run;
}

/** The key of a single character. */
function keyAt(text: string, at: number, withLetters: boolean): string | undefined {
  const code = text.charCodeAt(at);
  if ((code >= 0x30 && code <= 0x39) || code === 0x2a || code === 0x23) return text[at];
  if (code >= 0xff10 && code <= 0xff19) return String(code - 0xff10);
  const letter = code & ~0x20;
  if (!withLetters || code >= 0x80 || letter < 0x41 || letter > 0x44) return undefined;
  return String.fromCharCode(letter);
}

/** The end of the spelled key that begins here; `at` if none does. */
function wordEnd(text: string, at: number): number {
  if (!WORD_STARTS.has(text[at]!) || (at > 0 && /\w/.test(text[at - 1]!))) return at;
  WORD.lastIndex = at;
  return WORD.test(text) ? WORD.lastIndex : at;
}

function isBetween(text: string, start: number, end: number): boolean {
  if (start === end) return true;
  if (end - start > MAX_BETWEEN || text[start] === '%') return false;
  return BETWEEN.test(text.slice(start, end));
}

/** The range in the text of the keys from `start` to before `end`. */
const rangeOf = ({ starts, ends }: Run, start: number, end: number): Range => [
  starts[start]!,
  ends[end - 1]!,
];

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

/** The base64 forms of the value at each offset, without the characters shared with its neighbors. */
function base64Cores(value: string): string[] {
  return [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'latin1')]);
    const first = Math.ceil((shift * 8) / 6);
    return bytes.toString('base64').slice(first, Math.floor((bytes.length * 8) / 6));
  });
}
