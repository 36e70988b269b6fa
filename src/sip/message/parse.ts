import {
  assemble,
  bodyLength,
  findEmptyLine,
  type Head,
  isTolerated,
  MAX_BODY,
  parseHead,
  refuse,
} from './head.ts';
import type { SipMessage } from './message.ts';
import { SipSyntaxError } from './syntax-error.ts';

/**
 * Reads one datagram. Header values stay text until they are asked for; `validate` looks at those that every
 * message must have. Lines may end with LF alone.
 * @throws SipSyntaxError with the status to answer with.
 */
export function parseMessage(datagram: Buffer): SipMessage {
  const start = skipLineEnds(datagram);
  const empty = findEmptyLine(datagram, start);
  const head = parseHead(datagram.toString('latin1', start, empty?.end));
  if (!empty) throw refuse(head, { status: 400, message: 'There is no empty line after the header fields' });
  if (head.fault && !isTolerated(head)) throw refuse(head, head.fault);
  return assemble(head, bodyOf(head, datagram.subarray(empty.body)));
}

/** RFC 3261 §18.3: in a datagram, bytes after the body are dropped and a missing length means all there is. */
function bodyOf(head: Head, rest: Buffer): Buffer {
  try {
    const length = bodyLength(head) ?? rest.length;
    if (length <= rest.length) return rest.subarray(0, length);
    const message = `The body should have ${length} bytes, but ${rest.length} came`;
    throw refuse(head, { status: 400, message });
  } catch (error) {
    if (!isTolerated(head) || rest.length > MAX_BODY) throw error;
    return rest;
  }
}

// RFC 3261 §7.5: line ends before the start-line are ignored.
function skipLineEnds(datagram: Buffer): number {
  let at = 0;
  while (datagram[at] === 10 || (datagram[at] === 13 && datagram[at + 1] === 10)) at++;
  if (at >= datagram.length) throw new SipSyntaxError('There is nothing but line ends');
  return at;
}
