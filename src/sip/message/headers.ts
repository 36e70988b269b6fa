import { isUtf8 } from 'node:buffer';
import { headerKey, isListHeader } from './header-names.ts';
import { isToken, splitList } from './params.ts';

const LINE_END = /[\r\n]/;

/**
 * The header fields of one message, in the order of the wire. Names are found in any case and in their compact
 * form. Values are latin1 strings, one character per byte, so that what is not read goes on unchanged.
 */
export class Headers implements Iterable<[name: string, value: string]> {
  #keys: string[] = [];
  #names: string[] = [];
  #values: string[] = [];

  constructor(fields: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /** The value of the first line of that name, as it was written. */
  get(name: string): string | undefined {
    const at = this.#keys.indexOf(headerKey(name));
    return at < 0 ? undefined : this.#values[at];
  }

  /** All values of that name over all its lines; comma lists are split where the RFC allows lists. */
  all(name: string): string[] {
    const key = headerKey(name);
    const split = isListHeader(key);
    const found: string[] = [];
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at + 1)) {
      const value = this.#values[at]!;
      if (split) found.push(...splitList(value));
      else found.push(value);
    }
    return found;
  }

  has(name: string): boolean {
    return this.#keys.includes(headerKey(name));
  }

  /** Number of lines with that name. */
  lines(name: string): number {
    const key = headerKey(name);
    let count = 0;
    for (const each of this.#keys) if (each === key) count++;
    return count;
  }

  /** Replaces all lines of that name by one (or one per value), where the first of them stood, else at the end. */
  set(name: string, value: string | readonly string[]): this {
    const at = this.#keys.indexOf(headerKey(name));
    this.remove(name);
    const values = typeof value === 'string' ? [value] : value;
    values.forEach((each, index) => {
      this.#insert(at < 0 ? this.#keys.length : at + index, name, each);
    });
    return this;
  }

  /** Adds a line at the end. Throws when name or value would break the line: nothing can be smuggled in. */
  append(name: string, value: string): this {
    check(name, value);
    this.#keys.push(headerKey(name));
    this.#names.push(name);
    this.#values.push(value);
    return this;
  }

  /** Adds a line before all others. */
  prepend(name: string, value: string): this {
    this.#insert(0, name, value);
    return this;
  }

  remove(name: string): this {
    const key = headerKey(name);
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at)) this.#splice(at, 1);
    return this;
  }

  clone(): Headers {
    const copy = new Headers();
    copy.#keys = [...this.#keys];
    copy.#names = [...this.#names];
    copy.#values = [...this.#values];
    return copy;
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let at = 0; at < this.#names.length; at++) yield [this.#names[at]!, this.#values[at]!];
  }

  #insert(at: number, name: string, value: string): void {
    check(name, value);
    this.#keys.splice(at, 0, headerKey(name));
    this.#names.splice(at, 0, name);
    this.#values.splice(at, 0, value);
  }

  #splice(at: number, count: number): void {
    this.#keys.splice(at, count);
    this.#names.splice(at, count);
    this.#values.splice(at, count);
  }
}

function check(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no header name`);
  if (LINE_END.test(value)) throw new TypeError(`The value of ${name} must not hold a line end`);
}

/** The text of a header value whose bytes are UTF-8 (RFC 3261 §25.1); the value itself where they are not. */
export function decodeText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** The header value that `decodeText` reads. */
export function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
