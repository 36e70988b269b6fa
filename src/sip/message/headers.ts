import { isToken, splitList } from './grammar.ts';

const LINE_END = /[\r\n]/;

/** Parses one field of a message. The result is shared by all callers: do not change it. */
export interface FieldParser<T> {
  /** The long name of the field in lower case. `parse` reads no other field. */
  key: string;
  parse(headers: Headers): T;
}

/**
 * The header fields of one message, in wire order. Names match in any case and in their compact form.
 * Values are latin1 strings, one character per byte, so that unread values are forwarded unchanged.
 */
export class Headers implements Iterable<[name: string, value: string]> {
  #keys: string[] = [];
  #names: string[] = [];
  #values: string[] = [];
  /** What was parsed since the fields were changed. */
  #parsed = new Map<FieldParser<unknown>, unknown>();

  constructor(fields: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /** The value of the first line with this name, as written. */
  get(name: string): string | undefined {
    const at = this.#keys.indexOf(headerKey(name));
    return at < 0 ? undefined : this.#values[at];
  }

  /** All values with this name, over all lines; splits comma lists where the RFC allows lists. */
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

  /** Parses a field at its first use, and again after it has changed. An error is thrown at every use. */
  parsed<T>(parser: FieldParser<T>): T {
    const known = this.#parsed.get(parser) as T | undefined;
    if (known !== undefined) return known;
    const value = parser.parse(this);
    this.#parsed.set(parser, value);
    return value;
  }

  /** Frees what was parsed, for a message that is kept but hardly used any more. */
  forgetParsed(): void {
    this.#parsed.clear();
  }

  has(name: string): boolean {
    return this.#keys.includes(headerKey(name));
  }

  /** Number of lines with this name. */
  lines(name: string): number {
    const key = headerKey(name);
    let count = 0;
    for (const each of this.#keys) if (each === key) count++;
    return count;
  }

  /** Replaces all lines with this name by one per value, at the position of the first, else at the end. */
  set(name: string, value: string | readonly string[]): this {
    const at = this.#keys.indexOf(headerKey(name));
    this.remove(name);
    const values = typeof value === 'string' ? [value] : value;
    values.forEach((each, index) => {
      this.#insert(at < 0 ? this.#keys.length : at + index, name, each);
    });
    return this;
  }

  /** Adds a line at the end. @throws TypeError if name or value would break the line (header injection). */
  append(name: string, value: string): this {
    check(name, value);
    const key = headerKey(name);
    this.#keys.push(key);
    this.#names.push(name);
    this.#values.push(value);
    this.#changed(key);
    return this;
  }

  /** Adds the fields of this name of another message, with a line for each value of a list. */
  copy(name: string, from: Headers): this {
    const key = headerKey(name);
    for (const value of from.all(name)) {
      this.#keys.push(key);
      this.#names.push(name);
      this.#values.push(value);
    }
    this.#changed(key);
    return this;
  }

  /** All lines as they are sent, except those of one field. @param key its long name in lower case. */
  format(exceptKey: string): string {
    let text = '';
    for (let at = 0; at < this.#names.length; at++)
      if (this.#keys[at] !== exceptKey) text += `${this.#names[at]}: ${this.#values[at]}\r\n`;
    return text;
  }

  /** Adds a line at the top. */
  prepend(name: string, value: string): this {
    this.#insert(0, name, value);
    return this;
  }

  remove(name: string): this {
    const key = headerKey(name);
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at)) this.#splice(at, 1);
    this.#changed(key);
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
    const key = headerKey(name);
    this.#keys.splice(at, 0, key);
    this.#names.splice(at, 0, name);
    this.#values.splice(at, 0, value);
    this.#changed(key);
  }

  #splice(at: number, count: number): void {
    this.#keys.splice(at, count);
    this.#names.splice(at, count);
    this.#values.splice(at, count);
  }

  #changed(key: string): void {
    for (const parser of this.#parsed.keys()) if (parser.key === key) this.#parsed.delete(parser);
  }
}

function check(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is not a header name`);
  if (LINE_END.test(value)) throw new TypeError(`The value of ${name} must not contain a line end`);
}

// RFC 3261 §7.3.3 and the IANA registry of compact forms.
const COMPACT: Record<string, string> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Fields whose value is a comma list; in all others (Date, Subject, Authorization) a comma is literal. */
const LISTS = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'alert-info',
  'allow',
  'allow-events',
  'call-info',
  'contact',
  'content-encoding',
  'content-language',
  'diversion',
  'error-info',
  'history-info',
  'in-reply-to',
  'p-asserted-identity',
  'p-preferred-identity',
  'path',
  'proxy-require',
  'reason',
  'record-route',
  'reject-contact',
  'require',
  'route',
  'security-client',
  'security-server',
  'security-verify',
  'service-route',
  'supported',
  'unsupported',
  'via',
  'warning',
]);

// Usual spellings, precomputed to avoid lowering them for each message.
const COMMON = new Map<string, string>();
for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'User-Agent', 'Allow'])
  COMMON.set(name, name.toLowerCase());
for (const name of [
  'Supported',
  'Content-Type',
  'Content-Length',
  'Route',
  'Record-Route',
  'Require',
  'Server',
])
  COMMON.set(name, name.toLowerCase());

/** The key of a field name: the long form in lower case. */
function headerKey(name: string): string {
  const common = COMMON.get(name);
  if (common) return common;
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** Whether a field may have several values, joined by commas. */
function isListHeader(key: string): boolean {
  return LISTS.has(key);
}
