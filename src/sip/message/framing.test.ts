import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Framed, MAX_HEAD, parseMessage, StreamFramer } from './index.ts';

const text = (method: string, body = '', length = `Content-Length: ${body.length}\r\n`) =>
  `${method} sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n${length}\r\n${body}`;

const short = (each: Framed) => {
  if (each.kind === 'error') return each.error.status;
  return each.kind === 'message' && each.message.kind === 'request' ? each.message.method : each.kind;
};
const feed = (...chunks: string[]) => {
  const framer = new StreamFramer();
  return chunks.flatMap((chunk) => framer.feed(Buffer.from(chunk, 'latin1'))).map(short);
};

describe('a stream', () => {
  it('yields the messages and the keep-alives between them in order', () => {
    const stream = `\r\n\r\n${text('INVITE', 'abc')}\r\n\r\n\r\n${text('ACK')}\r\n`;
    expect(feed(stream)).toEqual(['ping', 'INVITE', 'ping', 'pong', 'ACK', 'pong']);
  });

  it.each([
    ['all lines', (head: string) => head.replaceAll('\r', '')],
    ['all but the empty one', (head: string) => `${head.replaceAll('\r', '').slice(0, -1)}\r\n`],
    ['the last field', (head: string) => head.replace(/\r\n\r\n$/, '\n\r\n')],
    ['the empty line', (head: string) => head.replace(/\r\n\r\n$/, '\r\n\n')],
  ])('may end %s with LF only', (_what, edit) => {
    const head = edit(text('INVITE', '', 'Content-Length: 7\r\n'));
    expect(feed(`${head}a\r\n\r\n\n\n${text('ACK')}`)).toEqual(['INVITE', 'ACK']);
    const message = parseMessage(Buffer.from(`${head}a\r\n\r\n\n\n`));
    expect(message.body.toString()).toBe('a\r\n\r\n\n\n');
  });

  it('waits for the rest of a message', () => {
    const framer = new StreamFramer();
    const whole = Buffer.from(text('INVITE', 'abc'));
    expect(framer.feed(whole.subarray(0, 50))).toEqual([]);
    expect(framer.feed(whole.subarray(50, -1))).toEqual([]);
    expect(framer.pending).toBe(whole.length - 1);
    expect(framer.feed(whole.subarray(-1))).toEqual([{ kind: 'message', message: parseMessage(whole) }]);
    expect(framer.pending).toBe(0);
  });

  it('yields the same messages for any segmentation', () => {
    const stream = `\r\n\r\n${text('INVITE', 'a\r\n\r\nb')}${text('ACK')}${text('BYE', 'x')}`;
    // A ping in two segments reads as two pongs; in practice four bytes are one segment.
    const cuts = fc.array(fc.integer({ min: 4, max: stream.length }), { maxLength: 8 });
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places.sort((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((edge, at) => stream.slice(edges[at], edge));
        expect(feed(...chunks)).toEqual(['ping', 'INVITE', 'ACK', 'BYE']);
      }),
    );
  });

  it.each<[string, string, number]>([
    ['a message does not say how long it is', text('INVITE', '', ''), 400],
    ['its length is none', text('INVITE', '', 'Content-Length: -1\r\n'), 400],
    ['its body would be too long', text('INVITE', '', 'l: 65537\r\n'), 413],
    ['its head is too long', text('INVITE', '', `X: ${'x'.repeat(MAX_HEAD)}\r\n`), 513],
    ['its head never ends', `INVITE sip:a@x SIP/2.0\r\nX: ${'x'.repeat(MAX_HEAD)}`, 513],
    ['it is of another version', text('INVITE').replace('SIP/2.0\r\n', 'SIP/9.0\r\n'), 505],
    ['it is something else', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['there is a lone CR', '\rx', 400],
  ])('ends when %s', (_what, stream, status) => {
    expect(feed(text('ACK') + stream, text('BYE'))).toEqual(['ACK', status]);
  });

  it('accepts a response or in-dialog request without Content-Length as one without body', () => {
    const via = 'Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n';
    const bye = `BYE sip:a@example.com SIP/2.0\r\n${via}To: <sip:a@x>;tag=1\r\n\r\n`;
    expect(feed(`SIP/2.0 100 Trying\r\n${via}\r\n${bye}${text('ACK')}`)).toEqual(['message', 'BYE', 'ACK']);
    const typed = `SIP/2.0 200 OK\r\n${via}Content-Type: application/sdp\r\n\r\nv=0`;
    expect(feed(typed)).toEqual([400]);
  });

  it('reports a refused request so that it can be answered', () => {
    const [framed] = new StreamFramer().feed(Buffer.from(text('INVITE', '', 'l: 65537\r\n')));
    expect(framed?.kind === 'error' && framed.error.partial?.method).toBe('INVITE');
  });
});
