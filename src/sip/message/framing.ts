import { type SipMessage, SipSyntaxError } from './message.ts';
import {
  assemble,
  bodyLength,
  findEmptyLine,
  type Head,
  isTolerated,
  MAX_HEAD,
  parseHead,
  refuse,
} from './parse.ts';

/** An element of a stream. */
export type Framed =
  | { kind: 'message'; message: SipMessage }
  /** A double CRLF, answered with a single one (RFC 5626 §3.5.1). In two segments it reads as two pongs. */
  | { kind: 'ping' }
  /** A single CRLF. */
  | { kind: 'pong' }
  /** The stream is unreadable from here on: answer if `error.partial` is set, then close it. */
  | { kind: 'error'; error: SipSyntaxError };

const EMPTY = Buffer.alloc(0);

/** Splits the bytes of one TCP or TLS connection into messages by Content-Length (RFC 3261 §18.3). */
export class StreamFramer {
  #pending: Buffer = EMPTY;
  /** The head of a message whose body is incomplete. */
  #head: { head: Head; end: number } | undefined;
  #searchedTo = 0;
  #failed = false;

  /** Buffered bytes of an incomplete message. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Adds received bytes. @returns the elements that are now complete. After an error, input is ignored. */
  feed(chunk: Buffer): Framed[] {
    if (this.#failed) return [];
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    const found: Framed[] = [];
    try {
      for (let next = this.#next(); next; next = this.#next()) found.push(next);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      found.push({ kind: 'error', error });
      this.#failed = true;
      this.#pending = EMPTY;
    }
    return found;
  }

  #next(): Framed | undefined {
    if (this.#pending.length === 0) return undefined;
    if (!this.#head && (this.#pending[0] === 13 || this.#pending[0] === 10)) return this.#keepAlive();
    this.#head ??= this.#readHead();
    if (!this.#head || this.#pending.length < this.#head.end) return undefined;
    const { head, end } = this.#head;
    const length = bodyLength(head) ?? 0;
    const message = assemble(head, this.#pending.subarray(end - length, end));
    this.#drop(end);
    return { kind: 'message', message };
  }

  #keepAlive(): Framed | undefined {
    const text = this.#pending.toString('latin1', 0, 4);
    if (text[0] === '\n') {
      this.#drop(1);
      return { kind: 'pong' };
    }
    if (text === '\r' || text === '\r\n\r') return undefined;
    if (!text.startsWith('\r\n')) throw new SipSyntaxError('There is a lone CR between two messages');
    const kind = text === '\r\n\r\n' ? 'ping' : 'pong';
    this.#drop(kind === 'ping' ? 4 : 2);
    return { kind };
  }

  #readHead(): { head: Head; end: number } | undefined {
    const found = findEmptyLine(this.#pending, this.#searchedTo);
    this.#searchedTo = Math.max(0, this.#pending.length - 3);
    if (!found && this.#pending.length <= MAX_HEAD) return undefined;
    const text = this.#pending.toString('latin1', 0, found ? found.end : MAX_HEAD + 1);
    const head = parseHead(text);
    if (head.fault && (!found || !isTolerated(head))) throw refuse(head, head.fault);
    // Some peers omit the Content-Length of an empty body. New requests must be unambiguous.
    const isEmpty = isTolerated(head) && !head.headers.has('Content-Type');
    const length = bodyLength(head) ?? (isEmpty ? 0 : undefined);
    if (length === undefined) {
      throw refuse(head, { status: 400, message: 'A message over a stream needs a Content-Length' });
    }
    return { head, end: found!.body + length };
  }

  #drop(count: number): void {
    this.#pending = this.#pending.subarray(count);
    this.#head = undefined;
    this.#searchedTo = 0;
  }
}
