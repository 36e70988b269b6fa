import { createConnection } from 'node:net';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { startTestServer } from '../../../src/api/testing/test-server.ts';
import { seededRandom, systemClock } from '../../../src/core/index.ts';
import { systemNetwork } from '../../../src/net/index.ts';
import { testCertificate } from '../../../src/net/testing/certificate.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import type { Subject, Target, Verdict } from '../target.ts';
import { defectsIn, segmented, segmentsOf } from './support.ts';

const CLOSE_TIMEOUT_MS = 5000;

/** Sends the input to a local port and half-closes. @returns the response before the peer closes. */
function exchange(port: number, input: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
    const timer = systemClock.after(CLOSE_TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error('the connection was not closed'));
    });
    socket.on('error', () => {}).on('data', (chunk: Buffer) => void received.push(chunk));
    socket.once('close', () => {
      timer.cancel();
      resolve(Buffer.concat(received).toString('latin1'));
    });
    for (const segment of segmentsOf(input)) socket.write(segment);
    socket.end();
  });
}

/** The REST port answers every input with HTTP, never with a 5xx, or closes the connection. */
async function openHttp(): Promise<Subject> {
  const server = await startTestServer();
  const port = Number(new URL(await server.api.listen('127.0.0.1', 0)).port);
  return {
    async process(input): Promise<Verdict> {
      const response = await exchange(port, input);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1]);
      if (response !== '' && !status) throw new Error(`answered ${JSON.stringify(response.slice(0, 80))}`);
      if (/^HTTP\/1\.1 5/m.test(response)) throw new Error(response.slice(0, 400));
      return status && status < 400 ? 'accepted' : 'refused';
    },
    settle: async () => [],
    close: () => server.close(),
  };
}

const PATHS = [
  '/health',
  '/v1/calls',
  '/v1/calls/%zz',
  '/v1/recordings/x/file?expires=1&signature=2',
  '*',
  '//',
  '/\u0000',
];
const VALID = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const HTTP_LINES: readonly ((random: RandomChoice) => string)[] = [
  () => 'Host: x',
  (random) => `Content-Length: ${random.pick(['2', '0', '-1', '9'.repeat(20), '2, 2', '1e3'])}`,
  (random) => `Transfer-Encoding: ${random.pick(['chunked', 'gzip', 'chunked, x'])}`,
  (random) =>
    `Authorization: Bearer ${random.pick(['the-operator', 'mv_live_x', '', '\xff', 'x'.repeat(9000)])}`,
  (random) => `Content-Type: ${random.pick(['application/json', 'text/plain', 'x'])}`,
  (random) => `Range: bytes=${random.pick(['0-', '-1', '9-1', 'x', '0-1,3-4'])}`,
  (random) => `Expect: ${random.pick(['100-continue', 'x'])}`,
  (random) => `Connection: ${random.pick(['upgrade', 'close', 'keep-alive'])}`,
  (random) => `Upgrade: ${random.pick(['websocket', 'h2c'])}`,
  (random) => random.bytes(random.int(20)).toString('latin1'),
];

function httpRequest(random: RandomChoice): Buffer {
  if (random.once(8)) return segmented(random, Buffer.from(VALID));
  const method = random.pick(['GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'PRI', 'x']);
  const first = `${method} ${random.pick(PATHS)} ${random.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''])}`;
  const lines = ['Host: x', 'Connection: close', ...random.some(4, () => random.pick(HTTP_LINES)(random))];
  const one = `${[first, ...lines].join('\r\n')}\r\n\r\n${random.pick(['', '{}', '2\r\n{}\r\n0\r\n\r\n'])}`;
  return segmented(random, Buffer.from(random.once(6) ? one + one : one, 'latin1'));
}

const wires = (texts: string[]) => texts.map((text) => Buffer.concat([Buffer.alloc(8), Buffer.from(text)]));

/** The REST port, as bytes. */
export const http: Target = {
  name: 'http',
  share: 4,
  corpus: wires([
    'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'POST /v1/actions/validate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
  ]),
  generate: httpRequest,
  open: openHttp,
};

/** The TLS port closes a connection without a valid handshake, without any other effect. */
async function openTls(): Promise<Subject> {
  const defects: string[] = [];
  const agent = createUserAgent({
    ...{ clock: systemClock, random: seededRandom(1), network: systemNetwork },
    ...{ log: defectsIn(defects), userAgent: 'fuzz' },
    ...{ host: '127.0.0.1', port: 0, tls: { server: { ...testCertificate, port: 0 } } },
  });
  await agent.listen();
  return {
    async process(input) {
      const response = await exchange(agent.tlsPort!, input);
      if (defects.length > 0) throw new Error(defects[0]);
      // A handshake record: its ServerHello.
      return response.startsWith('\x16') ? 'accepted' : 'refused';
    },
    async settle() {
      const { connections } = agent.counters.transport.tls;
      return connections > 0 ? [`${connections} connections`] : [];
    },
    close: () => agent.close(0),
  };
}

function record(type: number, payload: Buffer, claimedLength = payload.length): Buffer {
  return Buffer.concat([
    Buffer.from([type, 3, 1 + (payload.length % 3), claimedLength >> 8, claimedLength & 0xff]),
    payload,
  ]);
}

/** The first flight of a real client, unsegmented. */
function realHello(): Buffer {
  const sent: Buffer[] = [Buffer.alloc(8)];
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    sent.push(chunk);
    done();
  };
  const wire = new Duplex({ read() {}, write });
  connect({ socket: wire, servername: 'localhost' })
    .on('error', () => {})
    .destroy();
  return Buffer.concat(sent);
}

/** A ClientHello (RFC 8446 §4.1.2) with random content. */
function hello(random: RandomChoice): Buffer {
  const suites = random.bytes(2 * random.int(20));
  const extensions = random.some(4, () => {
    const body = random.bytes(random.int(30));
    return Buffer.concat([Buffer.from([0, random.pick([0, 10, 13, 16, 43, 45, 51]), 0, body.length]), body]);
  });
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    random.bytes(32),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0, 0, random.int(200)]),
    ...extensions,
  ]);
  return Buffer.concat([Buffer.from([1, 0, 0, random.once(4) ? random.int(256) : body.length & 0xff]), body]);
}

const HELLO = realHello();

function tlsNoise(random: RandomChoice): Buffer {
  // Records after a valid ClientHello reach other code.
  if (random.once(5))
    return Buffer.concat([HELLO, record(random.pick([20, 21, 22, 23]), random.bytes(random.int(80)))]);
  const records = random.some(3, () => {
    const payload = random.once(2) ? hello(random) : random.bytes(random.int(80));
    const claimedLength = random.once(5) ? random.int(65_536) : payload.length;
    return record(random.pick([22, 22, 20, 21, 23, 24, 0x80]), payload, claimedLength);
  });
  return segmented(random, Buffer.concat(records));
}

/** The SIP TLS port, as bytes: invalid handshake records, and other input. */
export const tls: Target = {
  name: 'tls',
  share: 3,
  corpus: [
    HELLO,
    ...wires([
      'OPTIONS sip:x SIP/2.0\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
      '',
    ]),
  ],
  generate: tlsNoise,
  open: openTls,
};
