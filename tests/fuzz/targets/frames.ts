import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { systemClock } from '../../../src/core/index.ts';
import { systemResolve } from '../../../src/net/index.ts';
import { createConnect } from '../../../src/streams/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import type { Subject, Target } from '../target.ts';

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A receiver that sends the input after the handshake. The connection must end exactly once. */
async function open(): Promise<Subject> {
  let input: Buffer = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.once('data', (request: Buffer) => socket.end(Buffer.concat([handshake(request), input])));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const connect = createConnect({ clock: systemClock, resolve: systemResolve, allowPrivate: true });
  const ends = { closed: 0, expected: 0 };
  return {
    async process(next) {
      input = next;
      let received = 0;
      ends.expected++;
      const { error } = await new Promise<{ error: Error | undefined }>((resolve) => {
        connect(
          url,
          {},
          {
            opened: () => {},
            received: () => received++,
            closed: (_code, error) => {
              ends.closed++;
              resolve({ error });
            },
          },
        );
      });
      return error && received === 0 ? 'refused' : 'accepted';
    },
    async settle() {
      await new Promise(setImmediate);
      return ends.closed === ends.expected ? [] : [`${ends.expected - ends.closed} ends`];
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function handshake(request: Buffer): Buffer {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString('latin1'))?.[1] ?? '';
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return Buffer.from([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
}

function frame(opcode: number, payload: Buffer, claimedLength = payload.length): Buffer {
  const head =
    claimedLength < 126
      ? Buffer.from([0x80 | opcode, claimedLength])
      : Buffer.from([0x80 | opcode, 126, claimedLength >> 8, claimedLength & 0xff]);
  return Buffer.concat([head, payload]);
}

function generate(random: RandomChoice): Buffer {
  const frames = random.some(5, () => {
    const payload = random.bytes(random.pick([0, 2, 5, 130, 70]));
    return frame(random.int(16), payload, random.once(6) ? random.int(65_536) : payload.length);
  });
  return Buffer.concat(frames);
}

const corpus = [
  frame(1, Buffer.from('{"event":"clear"}')),
  frame(2, Buffer.alloc(200)),
  frame(8, Buffer.from([3, 0xe8])),
  frame(9, Buffer.from('ping')),
];

/** WebSocket frames that the receiver of a stream sends. */
export const frames: Target = { name: 'frames', share: 2, corpus, generate, open };
