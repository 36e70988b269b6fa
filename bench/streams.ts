/** Measures sending a 20 ms frame to a WebSocket: the text alone, and with the socket and the system. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Ids, Signal, silentLog, systemClock, systemRandom } from '../src/core/index.ts';
import { systemResolve } from '../src/net/index.ts';
import { CallStreams, createConnect, type StreamedCall } from '../src/streams/index.ts';
import { numbered, StreamMessages } from '../src/streams/messages.ts';
import type { Row } from './row.ts';

const FRAMES = 100_000;
const payload = new Uint8Array(160).map((_, at) => at);
const encoded = Buffer.from(payload).toString('base64');

/** An application's server that reads and forgets, in a thread of its own. */
const SINK = `
const { parentPort } = require('node:worker_threads');
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const server = createServer().on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.on('error', () => {}).resume();
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

export async function run(): Promise<Row[]> {
  const messages = new StreamMessages('str_20260529T120212.123456000');
  const template = () => numbered('media', messages.media('inbound', encoded).rest, 100_000);
  return [
    { name: 'stream: text of a frame', value: microseconds(template), unit: 'µs', budget: 1 },
    { name: 'stream: the same by JSON.stringify', value: microseconds(stringified), unit: 'µs' },
    {
      name: 'stream: a frame to a WebSocket, all in all',
      value: await toWebSocket(),
      unit: 'µs',
      budget: 25,
    },
  ];
}

const stringified = () =>
  JSON.stringify({
    event: 'media',
    sequence_number: '100000',
    stream_id: 'str_20260529T120212.123456000',
    media: { track: 'inbound', chunk: '100000', timestamp: '2000000', payload: encoded },
  });

/** CPU time of one run, in microseconds. */
function microseconds(work: () => string): number {
  const some = (times: number) => {
    let length = 0;
    // The text is looked into, so that it is made whole and not kept as a rope.
    for (let time = 0; time < times; time++) length += work().charCodeAt(200);
    return length;
  };
  some(FRAMES / 10);
  const before = cpu();
  some(FRAMES);
  return (cpu() - before) / FRAMES;
}

async function toWebSocket(): Promise<number> {
  const sink = new Worker(SINK, { eval: true });
  const [port] = await once(sink, 'message');
  const frames: StreamFrames = new Signal();
  const begun = Promise.withResolvers<void>();
  const streams = new CallStreams(callWith(frames, begun.resolve), ports);
  streams.start({ streamUrl: `ws://127.0.0.1:${port}/`, track: 'inbound', bidirectional: false });
  await begun.promise;
  const some = async (times: number) => {
    for (let time = 0; time < times; time++) {
      frames.emit({ track: 'inbound', payload });
      if (time % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await some(FRAMES / 10);
  const before = cpu();
  await some(FRAMES / 2);
  const cost = (cpu() - before) / (FRAMES / 2);
  streams.close();
  await sink.terminate();
  if (ports.counts.dropped > 0) throw new Error(`${ports.counts.dropped} frames were dropped`);
  return cost;
}

type StreamFrames = ReturnType<StreamedCall['leg']['sound']['stream']>['frames'];

const ports = {
  clock: systemClock,
  random: systemRandom,
  ids: new Ids(systemClock),
  connect: createConnect({ clock: systemClock, resolve: systemResolve, allowPrivate: true }),
  allowPrivate: true,
  secrets: () => ['secret'],
  counts: { open: 0, started: 0, failed: 0, dropped: 0 },
};

function callWith(frames: StreamFrames, begun: () => void): StreamedCall {
  const sound = { frames, play() {}, clear() {}, drained: async () => 'heard', close() {} };
  return {
    leg: { sound: { digits: new Signal(), stream: () => sound } },
    record: { id: 'call_1', applicationId: 'app_1', variables: {} },
    log: silentLog,
    note: begun,
    heldBack: { everything: false, caller: false, keys: false },
  } as unknown as StreamedCall;
}

/** Of this thread, in microseconds. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
