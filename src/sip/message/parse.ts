import { assemble, bodyLength, parseHead, refuse } from './head.ts';
import type { SipMessage } from './message.ts';
import { SipSyntaxError } from './syntax-error.ts';

/**
 * Reads one datagram. Header values stay text until they are asked for; `validate` looks at those that every
 * message must have.
 * @throws SipSyntaxError with the status to answer with.
 */
export function parseMessage(datagram: Buffer): SipMessage {
  const start = skipLineEnds(datagram);
  const end = datagram.indexOf('\r\n\r\n', start, 'latin1');
  const head = parseHead(datagram.toString('latin1', start, end < 0 ? datagram.length : end));
  const fault = (message: string) => refuse(head, { status: 400, message });
  if (end < 0) throw fault('There is no empty line after the header fields');
  if (head.fault) throw refuse(head, head.fault);
  const body = datagram.subarray(end + 4);
  // RFC 3261 §18.3: in a datagram, bytes after the body are dropped and a missing length means all there is.
  const length = bodyLength(head) ?? body.length;
  if (length > body.length) throw fault(`The body should have ${length} bytes, but ${body.length} came`);
  return assemble(head, body.subarray(0, length));
}

// RFC 3261 §7.5: line ends before the start-line are ignored.
function skipLineEnds(datagram: Buffer): number {
  let at = 0;
  while (datagram[at] === 13 && datagram[at + 1] === 10) at += 2;
  if (at >= datagram.length) throw new SipSyntaxError('There is nothing but line ends');
  return at;
}
