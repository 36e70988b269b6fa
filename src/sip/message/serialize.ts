import type { SipMessage } from './message.ts';

/**
 * The bytes of a message. Content-Length is always that of the body, whatever the headers say.
 * Throws when method, URI or reason hold a line end.
 */
export function serialize(message: SipMessage): Buffer {
  let head = startLine(message);
  for (const [name, value] of message.headers) {
    if (!isContentLength(name)) head += `${name}: ${value}\r\n`;
  }
  const bytes = Buffer.from(`${head}Content-Length: ${message.body.length}\r\n\r\n`, 'latin1');
  return message.body.length === 0 ? bytes : Buffer.concat([bytes, message.body]);
}

function startLine(message: SipMessage): string {
  const line =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  if (/[\r\n]/.test(line)) throw new TypeError('A start-line must not hold a line end');
  return `${line}\r\n`;
}

function isContentLength(name: string): boolean {
  return name === 'l' || name === 'L' || (name.length === 14 && name.toLowerCase() === 'content-length');
}
