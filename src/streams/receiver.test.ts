import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { testCertificate } from '../net/testing/certificate.ts';
import { createConnect } from './index.ts';
import { TestReceiver } from './testing/receiver.ts';
import { TestCall } from './testing/streamed-call.ts';

const open: { close(): void }[] = [];
const opened = <Thing extends { close(): void }>(thing: Thing): Thing => {
  open.push(thing);
  return thing;
};

afterEach(() => {
  for (const thing of open.splice(0).reverse()) thing.close();
});

const newCall = (options?: ConstructorParameters<typeof TestCall>[0]) => {
  const call = new TestCall(options);
  opened(call.streams);
  return call;
};

/** A TCP server that handles each connection as the test wants. */
async function rawServer(behave: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    behave(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  opened({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}/`, server };
}

const LONGEST_BACKOFF = 2400;

/** Waits for three reconnects, and returns the timeline entry of the failed stream. */
async function failure(call: TestCall): Promise<Record<string, unknown>> {
  for (let lost = 1; lost <= 3; lost++) {
    await call.noted('stream_lost', lost);
    await call.clock.advance(LONGEST_BACKOFF);
  }
  const [note] = await call.noted('stream_failed');
  return note!;
}

describe('a receiver that breaks the connection', () => {
  it('gets `start` again on the next connection, then the sound that was queued', async () => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    const sound = call.start(receiver.url);
    sound.emit('inbound', 1);
    const [first] = await receiver.received('media');
    receiver.last.socket.terminate();
    await call.noted('stream_lost');
    sound.emit('inbound', 2);
    await call.clock.advance(600);
    await receiver.until(() => receiver.connections.length === 2);
    const [start] = await receiver.received('start');
    const [second] = await receiver.received('media');
    expect(start).toMatchObject({
      sequence_number: '1',
      stream_id: first!.stream_id,
      start: { reconnect: 1 },
    });
    expect(second).toMatchObject({ sequence_number: '2', media: { chunk: '2', timestamp: '20' } });
    expect(sound.closed).toBe(false);
  });

  it('ends the stream after three reconnects, and the call continues', async () => {
    const receiver = await TestReceiver.listen();
    const call = newCall();
    const sound = call.start(receiver.url);
    await receiver.received('start');
    receiver.close();
    const { error } = await failure(call);
    expect(error).toMatchObject({ code: 'stream_failed', message: expect.stringContaining('ECONNREFUSED') });
    expect(sound.closed).toBe(true);
    expect(sound.frames.listeners).toBe(0);
    expect(call.streams.size).toBe(0);
    expect(call.counts).toMatchObject({ open: 0, failed: 1 });
    expect(call.clock.pending).toBe(0);
  });

  it('is reconnected three more times after a stable minute', async () => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    call.start(receiver.url);
    for (let time = 1; time <= 5; time++) {
      await receiver.until(() => receiver.connections.length === time);
      await receiver.received('start');
      for (let ping = 1; ping <= 7; ping++) {
        await call.clock.advance(10_000);
        await receiver.until(() => receiver.last.pings === ping);
        await receiver.read();
      }
      receiver.last.socket.terminate();
      await call.noted('stream_lost', time);
      await call.clock.advance(600);
    }
    await receiver.until(() => receiver.connections.length === 6);
    expect((await receiver.received('start'))[0]!.start.reconnect).toBe(5);
  });

  it('is reconnected when it breaks in the middle of a message', async () => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    call.start(receiver.url, { bidirectional: true });
    await receiver.received('start');
    const { _socket } = receiver.last.socket as unknown as { _socket: Socket };
    // RFC 6455 §5.2: a text frame that announces 100 bytes and contains five.
    _socket.end(Buffer.from([0x81, 100, ...Buffer.from('{"eve')]));
    await call.noted('stream_lost');
    await call.clock.advance(600);
    await receiver.until(() => receiver.connections.length === 2);
    expect((await receiver.received('start'))[0]!.start.reconnect).toBe(1);
  });

  it('ends the stream when it closes the connection normally', async () => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    const sound = call.start(receiver.url);
    await receiver.received('start');
    receiver.last.socket.close(1000);
    const [note] = await call.noted('stream_ended');
    expect(note).toMatchObject({ reason: 'receiver' });
    expect(sound.closed).toBe(true);
    expect(call.clock.pending).toBe(0);
  });
});

describe('a receiver that is slow', () => {
  it('loses the oldest frames, and detects the loss by the chunk numbers', async () => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    const sound = call.start(receiver.url);
    await receiver.received('start');
    receiver.last.socket.pause();
    const frames = 40_000;
    for (let count = 0; count < frames; count++) sound.emit('inbound');
    expect(call.counts.dropped).toBeGreaterThan(0);
    receiver.last.socket.resume();
    call.streams.stop();
    const [stop] = await receiver.received('stop');
    const chunks = (await receiver.received('media')).map(({ media }) => Number(media.chunk));
    const sequence = receiver.last.messages
      .slice(1)
      .map((message) => 'sequence_number' in message && message.sequence_number);
    expect(stop!.stop.messages_dropped).toBe(call.counts.dropped);
    expect(chunks.length + call.counts.dropped).toBe(frames);
    expect(chunks).toEqual([...chunks].sort((a, b) => a - b));
    expect(chunks.slice(-200)).toEqual(Array.from({ length: 200 }, (_, at) => frames - 199 + at));
    expect(sequence).toEqual(sequence.map((_, at) => String(at + 1)));
  });

  it('is at most five seconds behind', async () => {
    let sent = 0;
    const call = newCall({
      connect: (_url, _headers, handlers) => {
        queueMicrotask(() => handlers.opened());
        return {
          get bufferedBytes() {
            return sent;
          },
          send(text) {
            sent += text.length + 8;
          },
          close() {},
        };
      },
    });
    const sound = call.start('ws://stuck.example/');
    await call.noted('stream_started');
    for (let frame = 0; frame < 1000; frame++) sound.emit('inbound');
    expect(1000 - call.counts.dropped).toBeGreaterThan(240);
    expect(1000 - call.counts.dropped).toBeLessThanOrEqual(250);
  });

  it('is disconnected when it does not answer the close frame', async () => {
    const { url } = await rawServer((socket) => {
      socket.once('data', (request) => socket.write(upgrade(String(request))));
    });
    const call = newCall();
    call.start(url);
    await call.noted('stream_started');
    call.streams.close();
    expect(call.clock.pending).toBe(1);
    await call.clock.advance(2000);
    expect(call.clock.pending).toBe(0);
  });
});

describe('a receiver that is dead', () => {
  it('has five seconds to open the WebSocket', async () => {
    let connections = 0;
    const { server, url } = await rawServer(() => connections++);
    const call = newCall();
    call.start(url);
    await once(server, 'connection');
    await call.clock.advance(4999);
    expect(call.notes).toEqual([]);
    await call.clock.advance(1);
    const [note] = await call.noted('stream_lost');
    expect(note!['error']).toBe('no WebSocket was opened within 5000 ms');
    expect(connections).toBe(1);
  });

  it('is detected when it answers no ping', async () => {
    const receiver = opened(await TestReceiver.listen({ autoPong: false }));
    const call = newCall();
    call.start(receiver.url);
    await receiver.received('start');
    await call.clock.advance(10_000);
    await receiver.until(() => receiver.last.pings === 1);
    await call.clock.advance(10_000);
    const [note] = await call.noted('stream_lost');
    expect(note!['error']).toBe('the receiver no longer answers');
  });
});

describe('a receiver that violates the protocol', () => {
  it.each([
    ['responds with a page', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', /200/],
    ['redirects', 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n', /302/],
    [
      'sends no Sec-WebSocket-Accept',
      'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      /Accept/,
    ],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', /HTTP|Parse/],
  ])('%s and gets no stream', async (_, answer, message) => {
    let connections = 0;
    const { url } = await rawServer((socket) => {
      connections++;
      socket.once('data', () => socket.write(answer));
    });
    const call = newCall();
    call.start(url);
    const { error } = await failure(call);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(connections).toBe(4);
  });

  it.each([
    ['more than 64 KiB in one message', Buffer.alloc(64 * 1024 + 1, 'x')],
    ['text that is not UTF-8', Buffer.from([0xc3, 0x28])],
  ])('is disconnected after sending %s', async (_, message) => {
    const receiver = opened(await TestReceiver.listen());
    const call = newCall();
    call.start(receiver.url, { bidirectional: true });
    await receiver.received('start');
    receiver.last.socket.send(message, { binary: false });
    await call.noted('stream_lost');
    await receiver.until(() => [1007, 1009].includes(receiver.last.closed ?? 0));
  });
});

describe('the URL of a stream', () => {
  it.each([
    ['ws://example.com/', 'url_not_allowed'],
    ['https://example.com/', 'url_not_allowed'],
    ['not a URL', 'url_not_allowed'],
    ['wss://user:secret@example.com/', 'url_not_allowed'],
    ['wss://example.com/#part', 'url_not_allowed'],
    ['wss://127.0.0.1/', 'address_not_allowed'],
    ['wss://[::ffff:10.0.0.1]/', 'address_not_allowed'],
  ])('%s is refused with %s', (url, code) => {
    const call = newCall({ allowPrivate: false });
    expect(() => call.start(url)).toThrow(expect.objectContaining({ code }));
    expect(call.sounds).toEqual([]);
  });

  it('is rejected without a retry when a public name resolves to a private address', async () => {
    const call = newCall();
    const resolve = async () => [{ address: '10.0.0.1', family: 4 as const }];
    const connect = createConnect({ clock: call.clock, allowPrivate: false, resolve });
    const guarded = newCall({ connect, allowPrivate: false });
    guarded.start('wss://rebound.example/');
    const [note] = await guarded.noted('stream_failed');
    expect(note!['error']).toMatchObject({ message: expect.stringContaining('10.0.0.1') });
    expect(guarded.notes.some(({ kind }) => kind === 'stream_lost')).toBe(false);
  });

  it('is rejected when its certificate is not trusted', async () => {
    const receiver = opened(await TestReceiver.listen({ tls: testCertificate }));
    const call = newCall({ ca: testCertificate.cert });
    call.start(receiver.url);
    await receiver.received('start');
    const distrusting = newCall();
    distrusting.start(receiver.url);
    const [note] = await distrusting.noted('stream_lost');
    expect(note!['error']).toMatch(/self.signed/);
  });
});

/** RFC 6455 §4.2.2: the response that opens a WebSocket. */
function upgrade(request: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)![1]!;
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
