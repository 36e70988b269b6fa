import type { Random } from '../../core/index.ts';
import {
  callIdOf,
  cseqOf,
  fromOf,
  type SipRequest,
  type SipResponse,
  toOf,
  topVia,
} from '../message/index.ts';

const MAGIC_COOKIE = 'z9hG4bK';

/** Key of a client transaction: branch and CSeq method (RFC 3261 §17.1.3). */
export function clientKey(message: SipRequest | SipResponse): string {
  return `${topVia(message).branch} ${cseqOf(message).method}`;
}

const SENT_METHODS = [
  'INVITE',
  'BYE',
  'REGISTER',
  'OPTIONS',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'NOTIFY',
  'CANCEL',
];

/** Possible keys of a response with a malformed Via or CSeq; empty if no branch is readable. */
export function possibleKeys(response: SipResponse): string[] {
  const { headers } = response;
  const branch = /;\s*branch\s*=\s*([^;,\s]+)/i.exec(headers.get('Via') ?? '')?.[1];
  if (branch === undefined) return [];
  const method = /^\s*\d+\s+([A-Z]+)\s*$/.exec(headers.get('CSeq') ?? '')?.[1];
  return (method === undefined ? SENT_METHODS : [method]).map((each) => `${branch} ${each}`);
}

/** Key of the server transaction of a request; an ACK has that of its INVITE (RFC 3261 §17.2.3). */
export function serverKey(request: SipRequest, method = request.method): string {
  const via = topVia(request);
  const kind = method === 'ACK' ? 'INVITE' : method;
  if (via.branch?.startsWith(MAGIC_COOKIE)) return `${via.branch} ${via.host}:${via.port ?? ''} ${kind}`;
  // RFC 2543 branches are not unique. The To tag is excluded because only the ACK has ours.
  const parts = [request.uri, fromOf(request).tag, callIdOf(request), cseqOf(request).number, kind];
  return [...parts, via.host, via.port, via.branch].join(' ');
}

/**
 * Key that a request shares with its copies over other paths (RFC 3261 §8.2.2.2).
 * @returns undefined for a request within a dialog, which has no such copies.
 */
export function mergeKey(request: SipRequest): string | undefined {
  if (toOf(request).tag !== undefined) return undefined;
  return `${callIdOf(request)} ${fromOf(request).tag} ${request.headers.get('CSeq')}`;
}

// A system call per token would be slow, so random bytes are drawn in bulk.
const POOL_BYTES = 1024;
const TAG_BYTES = 8;
const BRANCH_BYTES = 10;

/** Generates unique, unguessable tags and branches. */
export class TokenGenerator {
  #random: Random;
  #pool = '';
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A From or To tag (RFC 3261 §19.3). */
  tag(): string {
    return this.#draw(TAG_BYTES);
  }

  /** A Via branch with the magic cookie (RFC 3261 §8.1.1.7). */
  branch(): string {
    return `z9hG4bK${this.#draw(BRANCH_BYTES)}`;
  }

  #draw(bytes: number): string {
    if (this.#used + 2 * bytes > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES).toString('hex');
      this.#used = 0;
    }
    this.#used += 2 * bytes;
    return this.#pool.slice(this.#used - 2 * bytes, this.#used);
  }
}
