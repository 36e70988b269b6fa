/** Hostile web: clients of REST, and the servers that the program asks: applications, receivers, AI, name servers. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sleep, systemClock } from '../../../src/core/index.ts';
import type { Chance } from '../chance.ts';
import { answers } from '../targets/answers.ts';
import { documents } from '../targets/documents.ts';
import { http as httpNoise } from '../targets/doors.ts';
import { frames } from '../targets/frames.ts';
import { rest } from '../targets/rest.ts';
import { streamMessages } from '../targets/stream-messages.ts';
import { type Attack, nextOf } from './attack.ts';
import { Pinger } from './callers.ts';
import type { World } from './world.ts';

/** A connection says something raw, and is given a moment. */
async function tell(port: number, pieces: Buffer[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  for (const piece of pieces) socket.write(piece);
  await sleep(systemClock, 3);
  socket.destroy();
}

/** Requests of any kind, by nobody, an application and the operator, and what is no HTTP. */
export const clients: Attack = {
  name: 'http',
  share: 60,
  async open(world, chance) {
    const [noise, requests] = [nextOf(httpNoise, chance), nextOf(rest, chance)];
    const one = () => (chance.once(3) ? [noise().subarray(8)] : requestOf(requests(), world));
    return {
      async go() {
        await Promise.all(Array.from({ length: 20 }, () => tell(world.httpPort, one())));
        return 20;
      },
      async close() {},
    };
  },
};

/** The six lines of a REST input as a request on the wire. */
function requestOf(input: Buffer, world: World): Buffer[] {
  const text = input.toString('latin1').replace(/@customer@/g, 'cust_1');
  const [method = '', path = '', who = '', range = '', type = '', key = '', ...body] = text.split('\n');
  const token = who === 'ours' ? world.apiKey : who === 'operator' ? world.server.adminToken : who;
  // What would end the attack itself is left out.
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

/** An HTTP server that says what it is told to each request, raw. */
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

const whole = (body: Buffer | string, type = 'application/json'): Buffer => {
  const bytes = Buffer.from(body as string);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
};

/** Applications, receivers of webhooks and streams, and AI servers that answer as the inputs say. */
export const applications: Attack = {
  name: 'servers',
  share: 8,
  async open(world, chance) {
    const wire = nextOf(answers, chance);
    const makers = {
      document: nextOf(documents, chance),
      frame: nextOf(frames, chance),
      message: nextOf(streamMessages, chance),
    };
    let said = 0;
    const server = await rawServer((request, socket) => {
      said++;
      const first = request.toString('latin1', 0, 200);
      if (/^GET \/stream/.test(first)) return stream(request, socket);
      if (/\/doc/.test(first) && chance.once(2)) return void socket.end(whole(makers.document()));
      if (/\/v1\//.test(first) && chance.once(2))
        return void socket.end(whole(aiAnswer(chance), chance.pick(['application/json', 'audio/wav', 'x'])));
      socket.write(wire().subarray(8));
      if (chance.once(2)) socket.end();
      else setTimeout(() => socket.destroy(), 50).unref();
    });
    const stream = (request: Buffer, socket: Socket) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString('latin1'))?.[1] ?? '';
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      for (let frame = 0; frame < 20; frame++, said++) {
        const message = makers.message();
        const text = Buffer.concat([
          Buffer.from([0x81, 126, message.length >> 8, message.length & 255]),
          message,
        ]);
        socket.write(chance.once(3) ? makers.frame() : text);
      }
    };
    const flow = (): object[] => [
      { start_stream: { stream_url: `ws://${server.host}/stream`, bidirectional: true, track: 'both' } },
      { say: { text: `Hello ${chance.int(1e6)}.` } },
      { play: { url: `http://${server.host}/sound.wav` } },
      { redirect: { url: `http://${server.host}/doc`, method: chance.pick(['GET', 'POST']) } },
    ];
    const settings = { answer_url: `http://${server.host}/doc`, webhook_url: `http://${server.host}/hook` };
    await world.server.request('PATCH', `/v1/applications/${world.applicationId}`, world.apiKey, settings);
    const ai = {
      base_url: `http://${server.host}/v1`,
      speech_model: 'm',
      transcription_model: 'm',
      chat_model: 'm',
    };
    await world.api('PUT', `/v1/applications/${world.applicationId}/ai`, ai);
    const phone = await answeringPhone(world);
    return {
      async go() {
        said = 0;
        const calls = Array.from({ length: 8 }, () =>
          world.api('POST', '/v1/calls', {
            from: world.callerId,
            to: phone.uri,
            actions: flow(),
            timeout_seconds: 5,
          }),
        );
        await Promise.all(calls);
        await sleep(systemClock, 300);
        phone.hangUp();
        return said;
      },
      async close() {
        phone.close();
        server.close();
      },
    };
  },
};

function aiAnswer(chance: Chance): string {
  const value = () => chance.pick(['x', '', null, 5, {}, [], -1, 1e308, 'x'.repeat(3000)]);
  const segments = chance.some(3, () => ({ text: value(), start: value(), end: value() }));
  const content = chance.pick([
    JSON.stringify({ summary: value(), sentiment: value(), topics: value() }),
    '{',
    value(),
  ]);
  return JSON.stringify(
    chance.pick([
      { text: value(), segments },
      { choices: [{ message: { content } }] },
      value(),
      { choices: [] },
    ]),
  );
}

/** Somebody who answers each call at once, and can hang up on all of them. */
async function answeringPhone(world: World) {
  const open: string[] = [];
  const copy = (message: string, name: string) =>
    new RegExp(`^(${name}: .*)\r$`, 'm').exec(message)?.[1] ?? '';
  const pinger: Pinger = await Pinger.open(world, (message) => {
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
          `BYE sip:us@127.0.0.1:${world.sipPort} SIP/2.0`,
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

/** RFC 1035 §4: an answer to the question, with records that may be anything. */
function dnsAnswer(query: Buffer, chance: Chance): Buffer {
  const end = Math.max(12, query.indexOf(0, 12) + 5);
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180 | chance.pick([0, 0, 0, 2, 3, 5]), 2);
  const records = chance.some(4, () => {
    const type = chance.pick([1, 28, 33, 33, 5, 65535]);
    const data = chance.pick([
      Buffer.from([127, 0, 0, 1]),
      chance.bytes(16),
      Buffer.concat([Buffer.from([0, chance.int(9), 0, chance.int(9), 0, 0]), Buffer.from([1, 97, 0])]),
      Buffer.concat([Buffer.from([0, 1, 0, 1, chance.int(256), chance.int(256)]), Buffer.from([0xc0, 12])]),
      chance.bytes(chance.int(40)),
    ]);
    const fixed = Buffer.from([
      0xc0,
      chance.once(9) ? chance.int(256) : 12,
      type >> 8,
      type & 255,
      0,
      1,
      ...chance.bytes(4),
      0,
      data.length,
    ]);
    return Buffer.concat([fixed, data]);
  });
  head.writeUInt16BE(chance.once(9) ? chance.int(65_536) : records.length, 6);
  const answer = Buffer.concat([head, ...records]);
  if (chance.once(6)) answer[chance.int(answer.length)] = chance.int(256);
  return chance.once(9) ? answer.subarray(0, chance.int(answer.length)) : answer;
}

/** A name server that lies. It listens before the program is started, since the program is told of its port. */
export async function nameServer() {
  const socket = createSocket('udp4').on('error', () => {});
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  let answer: (query: Buffer) => Buffer = (query) => query;
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  const names: Attack = {
    name: 'dns',
    share: 2,
    async open(world, chance) {
      let said = 0;
      answer = (query) => {
        said++;
        return dnsAnswer(query, chance);
      };
      return {
        async go() {
          said = 0;
          const calls = Array.from({ length: 20 }, () => {
            const to = `sip:x@h${chance.int(1e9)}.fuzz.test${chance.pick(['', ';transport=tcp', ';transport=tls'])}`;
            return world.api('POST', '/v1/calls', {
              from: world.callerId,
              to,
              timeout_seconds: 5,
              actions: [],
            });
          });
          await Promise.all(calls);
          await sleep(systemClock, 100);
          return said;
        },
        async close() {},
      };
    },
  };
  return { names, port: socket.address().port, close: () => socket.close() };
}
