/** Hostile HTTP clients and servers: applications, webhook and stream receivers, AI and name servers. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sleep, systemClock } from '../../../src/core/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { answers } from '../targets/answers.ts';
import { documents } from '../targets/documents.ts';
import { frames } from '../targets/frames.ts';
import { http as httpNoise } from '../targets/listeners.ts';
import { rest } from '../targets/rest.ts';
import { streamMessages } from '../targets/stream-messages.ts';
import { type Attack, nextOf } from './attack.ts';
import { Pinger } from './callers.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Sends raw bytes over a new connection, and closes it after a moment. */
async function sendRaw(port: number, pieces: Buffer[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  for (const piece of pieces) socket.write(piece);
  await sleep(systemClock, 3);
  socket.destroy();
}

/** Requests without credentials, of an application and of the operator, and bytes that are not HTTP. */
export const clients: Attack = {
  name: 'http',
  share: 60,
  async open(sut, random) {
    const [noise, requests] = [nextOf(httpNoise, random), nextOf(rest, random)];
    const one = () => (random.once(3) ? [noise().subarray(8)] : requestOf(requests(), sut));
    return {
      async go() {
        await Promise.all(Array.from({ length: 20 }, () => sendRaw(sut.httpPort, one())));
        return 20;
      },
      async close() {},
    };
  },
};

/** Writes a REST input, with its six lines, as an HTTP request. */
function requestOf(input: Buffer, sut: ServerUnderTest): Buffer[] {
  const text = input.toString('latin1').replace(/@customer@/g, 'cust_1');
  const [method = '', path = '', who = '', range = '', type = '', key = '', ...body] = text.split('\n');
  const token = who === 'ours' ? sut.apiKey : who === 'operator' ? sut.server.adminToken : who;
  // Skips requests that would remove the credentials of the attack.
  if (/applications|keys/.test(path) && method === 'DELETE') return [];
  const payload = Buffer.from(body.join('\n'), 'latin1');
  const head = [
    `${method} /${path.replace(/^\/+/, '')} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${token}`,
    ...(range ? [`Range: ${range}`] : []),
    `Content-Type: ${type || 'application/json'}`,
    ...(key ? [`Idempotency-Key: ${key}`] : []),
    `Content-Length: ${payload.length}`,
    'Connection: close',
    '',
    '',
  ];
  return [Buffer.from(head.join('\r\n'), 'latin1'), payload];
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A server that answers each HTTP request with raw bytes. */
async function rawServer(answer: (request: Buffer, socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.once('data', (request) => answer(request, socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const okResponse = (body: Buffer | string, type = 'application/json'): Buffer => {
  const bytes = Buffer.from(body as string);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
};

/** A server that answers as application, webhook and stream receiver, and AI server, with inputs. */
async function hostileServer(random: RandomChoice) {
  const [raw, document] = [nextOf(answers, random), nextOf(documents, random)];
  const [frame, message] = [nextOf(frames, random), nextOf(streamMessages, random)];
  const counts = { sent: 0 };
  const stream = (request: Buffer, socket: Socket) => {
    socket.write(handshakeOf(request));
    for (let n = 0; n < 20; n++, counts.sent++) socket.write(random.once(3) ? frame() : textFrame(message()));
  };
  const server = await rawServer((request, socket) => {
    counts.sent++;
    const first = request.toString('latin1', 0, 200);
    if (/^GET \/stream/.test(first)) return stream(request, socket);
    if (/\/doc/.test(first) && random.once(2)) return void socket.end(okResponse(document()));
    if (/\/v1\//.test(first) && random.once(2)) {
      const type = random.pick(['application/json', 'audio/wav', 'x']);
      return void socket.end(okResponse(aiAnswer(random), type));
    }
    socket.write(raw().subarray(8));
    if (random.once(2)) socket.end();
    else setTimeout(() => socket.destroy(), 50).unref();
  });
  return { ...server, counts };
}

/** The WebSocket handshake that accepts a request (RFC 6455 §4.2.2). */
function handshakeOf(request: Buffer): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString('latin1'))?.[1] ?? '';
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  return `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

const textFrame = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x81, 126, message.length >> 8, message.length & 255]), message]);

/** Configures the application to use the hostile server for everything. */
async function useServer(sut: ServerUnderTest, host: string): Promise<void> {
  const settings = { answer_url: `http://${host}/doc`, webhook_url: `http://${host}/hook` };
  await sut.server.request('PATCH', `/v1/applications/${sut.applicationId}`, sut.apiKey, settings);
  const models = { speech_model: 'm', transcription_model: 'm', chat_model: 'm' };
  const ai = { base_url: `http://${host}/v1`, ...models };
  await sut.api('PUT', `/v1/applications/${sut.applicationId}/ai`, ai);
}

const actionsFor = (host: string, random: RandomChoice): object[] => [
  { start_stream: { stream_url: `ws://${host}/stream`, bidirectional: true, track: 'both' } },
  { say: { text: `Hello ${random.int(1e6)}.` } },
  { play: { url: `http://${host}/sound.wav` } },
  { redirect: { url: `http://${host}/doc`, method: random.pick(['GET', 'POST']) } },
];

/** Applications, receivers of webhooks and streams, and AI servers that answer with inputs. */
export const applications: Attack = {
  name: 'servers',
  share: 8,
  async open(sut, random) {
    const server = await hostileServer(random);
    await useServer(sut, server.host);
    const phone = await answeringPhone(sut);
    const call = () =>
      sut.api('POST', '/v1/calls', {
        from: sut.callerId,
        to: phone.uri,
        actions: actionsFor(server.host, random),
        timeout_seconds: 5,
      });
    return {
      async go() {
        server.counts.sent = 0;
        await Promise.all(Array.from({ length: 8 }, call));
        await sleep(systemClock, 300);
        phone.hangUp();
        return server.counts.sent;
      },
      async close() {
        phone.close();
        server.close();
      },
    };
  },
};

function aiAnswer(random: RandomChoice): string {
  const value = () => random.pick(['x', '', null, 5, {}, [], -1, 1e308, 'x'.repeat(3000)]);
  const segments = random.some(3, () => ({ text: value(), start: value(), end: value() }));
  const content = random.pick([
    JSON.stringify({ summary: value(), sentiment: value(), topics: value() }),
    '{',
    value(),
  ]);
  return JSON.stringify(
    random.pick([
      { text: value(), segments },
      { choices: [{ message: { content } }] },
      value(),
      { choices: [] },
    ]),
  );
}

/** A phone that answers each call immediately, and can hang up all calls. */
async function answeringPhone(sut: ServerUnderTest) {
  const open: string[] = [];
  const copy = (message: string, name: string) =>
    new RegExp(`^(${name}: .*)\r$`, 'm').exec(message)?.[1] ?? '';
  const pinger: Pinger = await Pinger.open(sut, (message) => {
    if (/^(SIP|ACK)/.test(message)) return;
    const isInvite = message.startsWith('INVITE');
    const body = isInvite
      ? `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n`
      : '';
    const lines = [
      'SIP/2.0 200 OK',
      ...['Via', 'From'].map((name) => copy(message, name)),
      `${copy(message, 'To')}${isInvite ? ';tag=p' : ''}`,
    ];
    lines.push(copy(message, 'Call-ID'), copy(message, 'CSeq'), `Contact: <sip:p@127.0.0.1:${pinger.port}>`);
    if (body) lines.push('Content-Type: application/sdp');
    pinger.send(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    if (isInvite) open.push(message);
  });
  return {
    uri: `sip:p@127.0.0.1:${pinger.port}`,
    hangUp() {
      for (const invite of open.splice(0)) {
        const lines = [
          `BYE sip:us@127.0.0.1:${sut.sipPort} SIP/2.0`,
          `Via: SIP/2.0/UDP 127.0.0.1:${pinger.port};branch=z9hG4bKp${open.length}${copy(invite, 'Call-ID').slice(9, 30)};rport`,
          `From: ${copy(invite, 'To').slice(4)};tag=p`,
          `To: ${copy(invite, 'From').slice(6)}`,
          copy(invite, 'Call-ID'),
          'CSeq: 1 BYE',
          'Max-Forwards: 70',
        ];
        pinger.send(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
      }
    },
    close: () => pinger.close(),
  };
}

/** A DNS answer (RFC 1035 §4) to the query, with random records. */
function dnsAnswer(query: Buffer, random: RandomChoice): Buffer {
  const end = Math.max(12, query.indexOf(0, 12) + 5);
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180 | random.pick([0, 0, 0, 2, 3, 5]), 2);
  const records = random.some(4, () => {
    const type = random.pick([1, 28, 33, 33, 5, 65535]);
    const data = random.pick([
      Buffer.from([127, 0, 0, 1]),
      random.bytes(16),
      Buffer.concat([Buffer.from([0, random.int(9), 0, random.int(9), 0, 0]), Buffer.from([1, 97, 0])]),
      Buffer.concat([Buffer.from([0, 1, 0, 1, random.int(256), random.int(256)]), Buffer.from([0xc0, 12])]),
      random.bytes(random.int(40)),
    ]);
    const fixed = Buffer.from([
      0xc0,
      random.once(9) ? random.int(256) : 12,
      type >> 8,
      type & 255,
      0,
      1,
      ...random.bytes(4),
      0,
      data.length,
    ]);
    return Buffer.concat([fixed, data]);
  });
  head.writeUInt16BE(random.once(9) ? random.int(65_536) : records.length, 6);
  const answer = Buffer.concat([head, ...records]);
  if (random.once(6)) answer[random.int(answer.length)] = random.int(256);
  return random.once(9) ? answer.subarray(0, random.int(answer.length)) : answer;
}

/** A hostile name server. It listens before the server under test starts, which needs its port. */
export async function nameServer() {
  const socket = createSocket('udp4').on('error', () => {});
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  let answer: (query: Buffer) => Buffer = (query) => query;
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  const names: Attack = {
    name: 'dns',
    share: 2,
    async open(sut, random) {
      let sent = 0;
      answer = (query) => {
        sent++;
        return dnsAnswer(query, random);
      };
      return {
        async go() {
          sent = 0;
          const calls = Array.from({ length: 20 }, () => {
            const to = `sip:x@h${random.int(1e9)}.fuzz.test${random.pick(['', ';transport=tcp', ';transport=tls'])}`;
            return sut.api('POST', '/v1/calls', {
              from: sut.callerId,
              to,
              timeout_seconds: 5,
              actions: [],
            });
          });
          await Promise.all(calls);
          await sleep(systemClock, 100);
          return sent;
        },
        async close() {},
      };
    },
  };
  return { names, port: socket.address().port, close: () => socket.close() };
}
