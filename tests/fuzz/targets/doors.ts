import { createConnection } from 'node:net';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { startTestServer } from '../../../src/api/testing/test-server.ts';
import { seededRandom, systemClock } from '../../../src/core/index.ts';
import { systemNetwork } from '../../../src/net/index.ts';
import { testCertificate } from '../../../src/net/testing/certificate.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import type { Chance } from '../chance.ts';
import type { Subject, Target, Verdict } from '../target.ts';
import { cutAnywhere, segmentsOf } from './cuts.ts';
import { defectsIn } from './defects.ts';

const CLOSED_WITHIN_MS = 5000;

/** Says the input to a port of this machine and ends. @returns what came back before the other side ended too. */
function say(port: number, input: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = [];
    const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
    const timer = systemClock.after(CLOSED_WITHIN_MS, () => {
      socket.destroy();
      reject(new Error('the connection was not closed'));
    });
    socket.on('error', () => {}).on('data', (chunk: Buffer) => void heard.push(chunk));
    socket.once('close', () => {
      timer.cancel();
      resolve(Buffer.concat(heard).toString('latin1'));
    });
    for (const segment of segmentsOf(input)) socket.write(segment);
    socket.end();
  });
}

/** Whatever is said to the port of REST, it is answered as HTTP, never with a fault of ours, or the line is cut. */
async function openHttp(): Promise<Subject> {
  const server = await startTestServer();
  const port = Number(new URL(await server.api.listen('127.0.0.1', 0)).port);
  return {
    async take(input): Promise<Verdict> {
      const heard = await say(port, input);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1]);
      if (heard !== '' && !status) throw new Error(`answered ${JSON.stringify(heard.slice(0, 80))}`);
      if (/^HTTP\/1\.1 5/m.test(heard)) throw new Error(heard.slice(0, 400));
      return status && status < 400 ? 'taken' : 'refused';
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
const SOUND = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const HTTP_LINES: readonly ((chance: Chance) => string)[] = [
  () => 'Host: x',
  (chance) => `Content-Length: ${chance.pick(['2', '0', '-1', '9'.repeat(20), '2, 2', '1e3'])}`,
  (chance) => `Transfer-Encoding: ${chance.pick(['chunked', 'gzip', 'chunked, x'])}`,
  (chance) =>
    `Authorization: Bearer ${chance.pick(['the-operator', 'mv_live_x', '', '\xff', 'x'.repeat(9000)])}`,
  (chance) => `Content-Type: ${chance.pick(['application/json', 'text/plain', 'x'])}`,
  (chance) => `Range: bytes=${chance.pick(['0-', '-1', '9-1', 'x', '0-1,3-4'])}`,
  (chance) => `Expect: ${chance.pick(['100-continue', 'x'])}`,
  (chance) => `Connection: ${chance.pick(['upgrade', 'close', 'keep-alive'])}`,
  (chance) => `Upgrade: ${chance.pick(['websocket', 'h2c'])}`,
  (chance) => chance.bytes(chance.int(20)).toString('latin1'),
];

function httpRequest(chance: Chance): Buffer {
  if (chance.once(8)) return cutAnywhere(chance, Buffer.from(SOUND));
  const method = chance.pick(['GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'PRI', 'x']);
  const first = `${method} ${chance.pick(PATHS)} ${chance.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''])}`;
  const lines = ['Host: x', 'Connection: close', ...chance.some(4, () => chance.pick(HTTP_LINES)(chance))];
  const one = `${[first, ...lines].join('\r\n')}\r\n\r\n${chance.pick(['', '{}', '2\r\n{}\r\n0\r\n\r\n'])}`;
  return cutAnywhere(chance, Buffer.from(chance.once(6) ? one + one : one, 'latin1'));
}

const wires = (texts: string[]) => texts.map((text) => Buffer.concat([Buffer.alloc(8), Buffer.from(text)]));

/** The port of REST, on the wire. */
export const http: Target = {
  name: 'http',
  share: 4,
  corpus: wires([
    'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'POST /v1/actions/validate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
  ]),
  write: httpRequest,
  open: openHttp,
};

/** What is no handshake ends the connection, and is nobody's concern. */
async function openTls(): Promise<Subject> {
  const defects: string[] = [];
  const agent = createUserAgent({
    ...{ clock: systemClock, random: seededRandom(1), network: systemNetwork },
    ...{ log: defectsIn(defects), userAgent: 'fuzz' },
    ...{ host: '127.0.0.1', port: 0, tls: { server: { ...testCertificate, port: 0 } } },
  });
  await agent.listen();
  return {
    async take(input) {
      const heard = await say(agent.tlsPort!, input);
      if (defects.length > 0) throw new Error(defects[0]);
      // A record of a handshake: it says hello too.
      return heard.startsWith('\x16') ? 'taken' : 'refused';
    },
    async settle() {
      const { connections } = agent.counters.transport.tls;
      return connections > 0 ? [`${connections} connections`] : [];
    },
    close: () => agent.close(0),
  };
}

function record(type: number, payload: Buffer, lie = payload.length): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 1 + (payload.length % 3), lie >> 8, lie & 0xff]), payload]);
}

/** What a real client says first, not cut. */
function realHello(): Buffer {
  const said: Buffer[] = [Buffer.alloc(8)];
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    said.push(chunk);
    done();
  };
  const wire = new Duplex({ read() {}, write });
  connect({ socket: wire, servername: 'localhost' })
    .on('error', () => {})
    .destroy();
  return Buffer.concat(said);
}

/** RFC 8446 §4.1.2, as far as a server reads on. */
function hello(chance: Chance): Buffer {
  const suites = chance.bytes(2 * chance.int(20));
  const extensions = chance.some(4, () => {
    const body = chance.bytes(chance.int(30));
    return Buffer.concat([Buffer.from([0, chance.pick([0, 10, 13, 16, 43, 45, 51]), 0, body.length]), body]);
  });
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    chance.bytes(32),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0, 0, chance.int(200)]),
    ...extensions,
  ]);
  return Buffer.concat([Buffer.from([1, 0, 0, chance.once(4) ? chance.int(256) : body.length & 0xff]), body]);
}

const HELLO = realHello();

function tlsNoise(chance: Chance): Buffer {
  // What comes behind a sound hello is looked at with other eyes.
  if (chance.once(5))
    return Buffer.concat([HELLO, record(chance.pick([20, 21, 22, 23]), chance.bytes(chance.int(80)))]);
  const records = chance.some(3, () => {
    const payload = chance.once(2) ? hello(chance) : chance.bytes(chance.int(80));
    const lie = chance.once(5) ? chance.int(65_536) : payload.length;
    return record(chance.pick([22, 22, 20, 21, 23, 24, 0x80]), payload, lie);
  });
  return cutAnywhere(chance, Buffer.concat(records));
}

/** The port of SIP over TLS, on the wire: records of a handshake that make no sense, and what is none. */
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
  write: tlsNoise,
  open: openTls,
};
