/** `%31`, `\u0031` with any number of backslashes, `&#49;`, `&#x31;`. */
const ESCAPED = /%([0-9a-f]{2})|\\+u([0-9a-f]{4})|&#(\d{1,7});|&#x([0-9a-f]{1,6});/gi;
/** Text that was encoded more often than this is not read. */
const MAX_DEPTH = 4;

/** A text after some decoding, which knows where each of its characters came from. */
export class Decoded {
  readonly text: string;
  /** Where each character begins in the first text, and where the last one ends; undefined: at its own place. */
  #places: readonly number[] | undefined;

  constructor(text: string, places?: readonly number[]) {
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

  /** Decodes once more; undefined where there is nothing to decode. */
  next(): Decoded | undefined {
    let text = '';
    let from = 0;
    const places: number[] = [];
    const copy = (to: number) => {
      for (let at = from; at < to; at++) places.push(this.place(at));
      text += this.text.slice(from, to);
    };
    for (const { 0: found, 1: percent, 2: json, 3: decimal, 4: html, index } of this.text.matchAll(ESCAPED)) {
      copy(index);
      const code = decimal ? Number(decimal) : Number.parseInt(percent ?? json ?? html!, 16);
      text += String.fromCharCode(code);
      places.push(this.place(index));
      from = index + found.length;
    }
    if (from === 0) return undefined;
    copy(this.text.length);
    places.push(this.place(this.text.length));
    return new Decoded(text, places);
  }
}

/** The text as it is, and after each round of decoding URL, JSON and HTML escapes. */
export function decodings(text: string): Decoded[] {
  const all = [new Decoded(text)];
  for (let next = all[0]!.next(); next && all.length < MAX_DEPTH; next = next.next()) all.push(next);
  return all;
}
