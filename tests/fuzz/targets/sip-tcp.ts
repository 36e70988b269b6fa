import { seededRandom } from '../../../src/core/index.ts';
import type { Endpoint, Stream, StreamHandlers } from '../../../src/net/index.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';
import { sipCorpus, sipMessage } from './sip-messages.ts';
import { defectsIn, IsolatedNetwork, segmented, segmentsOf } from './support.ts';

/** Inputs per connection, unless we close it. */
const INPUTS_PER_CONNECTION = 20;
/** Inputs until the timeout of connections without a complete message passes. */
const INPUTS_PER_TIMEOUT = 200;

/** Sends bytes over TCP connections whose peer does not read. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const defects: string[] = [];
  const network = new InboundNetwork();
  const random = seededRandom(11);
  const agent = createUserAgent({
    ...{ clock, random, log: defectsIn(defects), network },
    ...{ host: '10.0.0.1', port: 5060, userAgent: 'fuzz', maxTransactions: 500 },
  });
  agent.onInvite = (invite) => invite.reject(486);
  await agent.listen();
  let connection = network.connectIn();
  let inputs = 0;
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 10) {
      clock.run(10_000);
      await new Promise(setImmediate);
    }
  };
  return {
    async process(input) {
      if (connection.closed || inputs % INPUTS_PER_CONNECTION === 0) {
        connection.hangUp();
        connection = network.connectIn();
      }
      const { written } = network;
      for (const segment of segmentsOf(input)) connection.receive(segment);
      if (++inputs % INPUTS_PER_TIMEOUT === 0) await run(40);
      const { tcp } = agent.counters.transport;
      if (tcp.defects > 0 || defects.length > 0) throw new Error(defects[0] ?? 'a message was not handled');
      if (tcp.connections > 4096) throw new Error(`${tcp.connections} connections`);
      return network.written > written ? 'accepted' : 'refused';
    },
    async settle() {
      connection.hangUp();
      await run(4000);
      const { open, transport } = agent.counters;
      const left = Object.entries({ ...open, connections: transport.tcp.connections });
      return left.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
    },
    async close() {
      const closed = agent.close();
      await run(10);
      await closed;
    },
  };
}

/** A network with incoming connections only. */
class InboundNetwork extends IsolatedNetwork {
  written = 0;
  #port = 0;

  connectIn(): InboundConnection {
    this.#port = (this.#port + 1) % 60_000;
    const connection = new InboundConnection(
      { address: '10.0.0.9', port: 1024 + this.#port },
      () => this.written++,
    );
    this.accepted(connection);
    return connection;
  }
}

class InboundConnection implements Stream {
  readonly local = { address: '10.0.0.1', port: 5060 };
  readonly remote: Endpoint;
  /** The peer reads nothing, so written bytes accumulate. */
  backlog = 0;
  closed = false;
  #handlers: StreamHandlers | undefined;
  #wrote: () => void;

  constructor(remote: Endpoint, wrote: () => void) {
    this.remote = remote;
    this.#wrote = wrote;
  }

  receive(segment: Buffer): void {
    if (!this.closed) this.#handlers?.data(segment);
  }

  hangUp(): void {
    this.close();
  }

  handle(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  write(data: Buffer): void {
    if (this.closed) throw new Error('written to a closed connection');
    this.#wrote();
    this.backlog += data.length;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#handlers?.closed();
  }
}

const KEEP_ALIVES = ['\r\n', '\r\n\r\n', '\r', '\n', '\r\n\r', '\r\n\r\n\r\n\r\n\r\n'].map((text) =>
  Buffer.from(text),
);

/** A message over TCP with a correct, wrong, duplicate or missing Content-Length. */
function message(random: RandomChoice): Buffer {
  const [head = '', body = ''] = sipMessage(random)
    .toString('latin1')
    .replace(/^(Content-Length|l) *:.*\r\n/gim, '')
    .replace('SIP/2.0/UDP', 'SIP/2.0/TCP')
    .split(/\r\n\r\n(.*)/s);
  const length = random.once(3)
    ? random.pick([
        '',
        '-1',
        '1e3',
        '99999999999',
        '65536',
        '0',
        String(body.length + 1 - random.int(3)),
        '7, 7',
        '0x10',
      ])
    : String(body.length);
  const lines = random.pick([
    [`Content-Length: ${length}`],
    [`l:${length}`],
    ['Content-Length: 0', `l: ${length}`],
  ]);
  return Buffer.from(`${head}\r\n${(random.once(12) ? [] : lines).join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

function generate(random: RandomChoice): Buffer {
  const pieces = random.some(5, () => (random.once(3) ? random.pick(KEEP_ALIVES) : message(random)));
  if (random.once(200)) pieces.push(Buffer.alloc(70_000, 'X'));
  return segmented(random, Buffer.concat(pieces));
}

/** SIP over TCP: consecutive messages in any segmentation, with wrong lengths. */
export const sipTcp: Target = {
  name: 'sip-tcp',
  share: 60,
  corpus: sipCorpus.map((message) => Buffer.concat([Buffer.from([0, 200, 3, 0, 0, 130, 1, 0]), message])),
  generate,
  open,
};
