import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Failure } from '../../../src/core/index.ts';
import { createHttpClient } from '../../../src/net/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target, Verdict } from '../target.ts';
import { segmented, segmentsOf } from './support.ts';

const MAX_ANSWER_BYTES = 5000;
const EXPECTED_CODES = ['timeout', 'answer_broken', 'answer_too_large', 'connect_failed'];
const turn = () => new Promise(setImmediate);

/** An application that answers with the input. Every request settles without affecting the next. */
async function open(): Promise<Subject> {
  let answer: Buffer = Buffer.alloc(0);
  let answered = () => {};
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.on('data', (request: Buffer) => {
      if (request.includes('GET /good')) return void socket.end(GOOD);
      for (const segment of segmentsOf(answer)) socket.write(segment);
      if ((answer[0] ?? 0) % 2 === 0) socket.end();
      answered();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new StepClock();
  const client = createHttpClient({ allowPrivate: true, clock, maxConnections: 4 });
  const request = (path: string) =>
    client.request({ url: url + path, method: 'GET', timeoutMs: 5000, maxResponseBytes: MAX_ANSWER_BYTES });
  let inputs = 0;
  return {
    async process(input) {
      answer = input;
      const sent = new Promise<void>((resolve) => {
        answered = resolve;
      });
      const verdict = verdictOf(request('/any'));
      await Promise.race([sent, verdict]);
      for (let turns = 0; turns < 3; turns++) await turn();
      clock.run(5000);
      const settled = await verdict;
      if (++inputs % 8 === 0 && (await request('/good')).body.toString() !== 'good')
        throw new Error('an answer went to another request');
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
    if (body.length > MAX_ANSWER_BYTES || status < 200 || status > 999)
      throw new Error(`${status} with ${body.length}`);
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure && EXPECTED_CODES.includes(error.code)) return 'refused';
    throw error;
  }
}

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood';
const BODY = '{"actions":[]}';

const HEADERS: readonly ((random: RandomChoice) => string)[] = [
  (random) =>
    `Content-Length: ${random.pick(['14', '0', '13', '15', '-1', '1e9', '9'.repeat(30), '14, 14', ''])}`,
  (random) =>
    `Transfer-Encoding: ${random.pick(['chunked', 'gzip, chunked', 'identity', 'chunked, chunked', 'x'])}`,
  (random) => `Content-Encoding: ${random.pick(['gzip', 'br', 'x'])}`,
  (random) => `Connection: ${random.pick(['close', 'keep-alive', 'upgrade', ''])}`,
  (random) => `Location: ${random.pick(['/', 'http://127.0.0.1/', '//', '\u0000'])}`,
  (random) => `X: ${'y'.repeat(random.pick([0, 10, 4000, 20_000]))}`,
  (random) => random.bytes(random.int(20)).toString('latin1'),
];

function chunks(random: RandomChoice): string {
  const sizes = ['e', 'E;x=y', '0', '-1', 'ffffffffffffffff', '5', '', 'g'];
  const some = random.some(4, () => `${random.once(2) ? 'e' : random.pick(sizes)}\r\n${BODY}\r\n`);
  return `${some.join('')}${random.pick(['0\r\n\r\n', '0\r\n', '', '0\r\nX: y\r\n\r\n'])}`;
}

function generate(random: RandomChoice): Buffer {
  const status = random.pick([
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
  const first = `${random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2', 'ICY'])} ${status}`;
  const headers = random.some(4, () => random.pick(HEADERS)(random));
  const body = random.pick([BODY, BODY, chunks(random), 'x'.repeat(random.int(9000)), '']);
  const one = `${[first, ...headers].join(random.once(20) ? '\n' : '\r\n')}\r\n\r\n${body}`;
  return segmented(random, Buffer.from(random.once(8) ? one + one : one, 'latin1'));
}

const corpus = [
  `HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n${BODY}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n${BODY}\r\n0\r\n\r\n`,
  `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n${BODY}`,
].map((text) => Buffer.concat([Buffer.alloc(8), Buffer.from(text)]));

/** HTTP answers of applications, as bytes. */
export const answers: Target = { name: 'answers', share: 10, corpus, generate, open };
