import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Failure } from '../../../src/core/index.ts';
import { createHttpClient } from '../../../src/net/index.ts';
import type { Chance } from '../chance.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target, Verdict } from '../target.ts';
import { cutAnywhere, segmentsOf } from './cuts.ts';

const MOST = 5000;
const PROMISED = ['timeout', 'answer_broken', 'answer_too_large', 'connect_failed'];
const turn = () => new Promise(setImmediate);

/** An application that answers with the input and then ends, or waits: each request is settled, and the next is not spoilt. */
async function open(): Promise<Subject> {
  let says: Buffer = Buffer.alloc(0);
  let told = () => {};
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.on('data', (request: Buffer) => {
      if (request.includes('GET /good')) return void socket.end(GOOD);
      for (const segment of segmentsOf(says)) socket.write(segment);
      if ((says[0] ?? 0) % 2 === 0) socket.end();
      told();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new StepClock();
  const client = createHttpClient({ allowPrivate: true, clock, maxConnections: 4 });
  const ask = (path: string) =>
    client.request({ url: url + path, method: 'GET', timeoutMs: 5000, maxResponseBytes: MOST });
  let inputs = 0;
  return {
    async take(input) {
      says = input;
      const asked = new Promise<void>((resolve) => {
        told = resolve;
      });
      const verdict = verdictOf(ask('/any'));
      await Promise.race([asked, verdict]);
      for (let turns = 0; turns < 3; turns++) await turn();
      clock.run(5000);
      const settled = await verdict;
      if (++inputs % 8 === 0 && (await ask('/good')).body.toString() !== 'good')
        throw new Error('an answer came to another request');
      return settled;
    },
    async settle() {
      for (const socket of sockets) socket.destroy();
      await turn();
      return clock.pending > 0 ? [`${clock.pending} timers`] : [];
    },
    async close() {
      await client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function verdictOf(
  answer: ReturnType<ReturnType<typeof createHttpClient>['request']>,
): Promise<Verdict> {
  try {
    const { status, body } = await answer;
    if (body.length > MOST || status < 200 || status > 999) throw new Error(`${status} with ${body.length}`);
    return 'taken';
  } catch (error) {
    if (error instanceof Failure && PROMISED.includes(error.code)) return 'refused';
    throw error;
  }
}

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood';
const BODY = '{"actions":[]}';

const HEADERS: readonly ((chance: Chance) => string)[] = [
  (chance) =>
    `Content-Length: ${chance.pick(['14', '0', '13', '15', '-1', '1e9', '9'.repeat(30), '14, 14', ''])}`,
  (chance) =>
    `Transfer-Encoding: ${chance.pick(['chunked', 'gzip, chunked', 'identity', 'chunked, chunked', 'x'])}`,
  (chance) => `Content-Encoding: ${chance.pick(['gzip', 'br', 'x'])}`,
  (chance) => `Connection: ${chance.pick(['close', 'keep-alive', 'upgrade', ''])}`,
  (chance) => `Location: ${chance.pick(['/', 'http://127.0.0.1/', '//', '\u0000'])}`,
  (chance) => `X: ${'y'.repeat(chance.pick([0, 10, 4000, 20_000]))}`,
  (chance) => chance.bytes(chance.int(20)).toString('latin1'),
];

function chunks(chance: Chance): string {
  const sizes = ['e', 'E;x=y', '0', '-1', 'ffffffffffffffff', '5', '', 'g'];
  const some = chance.some(4, () => `${chance.once(2) ? 'e' : chance.pick(sizes)}\r\n${BODY}\r\n`);
  return `${some.join('')}${chance.pick(['0\r\n\r\n', '0\r\n', '', '0\r\nX: y\r\n\r\n'])}`;
}

function write(chance: Chance): Buffer {
  const status = chance.pick([
    '200 OK',
    '204 No',
    '100 Continue',
    '101 Up',
    '302 Go',
    '500 X',
    '999',
    '000',
    '20',
    '-1 x',
  ]);
  const first = `${chance.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2', 'ICY'])} ${status}`;
  const headers = chance.some(4, () => chance.pick(HEADERS)(chance));
  const body = chance.pick([BODY, BODY, chunks(chance), 'x'.repeat(chance.int(9000)), '']);
  const one = `${[first, ...headers].join(chance.once(20) ? '\n' : '\r\n')}\r\n\r\n${body}`;
  return cutAnywhere(chance, Buffer.from(chance.once(8) ? one + one : one, 'latin1'));
}

const corpus = [
  `HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n${BODY}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n${BODY}\r\n0\r\n\r\n`,
  `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n${BODY}`,
].map((text) => Buffer.concat([Buffer.alloc(8), Buffer.from(text)]));

/** What applications answer, on the wire. */
export const answers: Target = { name: 'answers', share: 10, corpus, write, open };
