import { seededRandom } from '../../../src/core/index.ts';
import type { Endpoint, Stream, StreamHandlers } from '../../../src/net/index.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import type { Chance } from '../chance.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';
import { cutAnywhere, segmentsOf } from './cuts.ts';
import { defectsIn } from './defects.ts';
import { LonelyNetwork } from './lonely-network.ts';
import { sipCorpus, sipMessage } from './sip-words.ts';

/** A stranger keeps his connection for so many inputs, unless we close it. */
const SPELL = 20;
/** Inputs until half a minute has passed: what has not brought one whole message by then is dropped. */
const HALF_MINUTE = 200;

/** Bytes on TCP connections, as one who does not read answers may send them. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const defects: string[] = [];
  const wire = new Wire();
  const random = seededRandom(11);
  const agent = createUserAgent({
    ...{ clock, random, log: defectsIn(defects), network: wire },
    ...{ host: '10.0.0.1', port: 5060, userAgent: 'fuzz', maxTransactions: 500 },
  });
  agent.onInvite = (invite) => invite.reject(486);
  await agent.listen();
  let connection = wire.connectIn();
  let inputs = 0;
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 10) {
      clock.run(10_000);
      await new Promise(setImmediate);
    }
  };
  return {
    async take(input) {
      if (connection.closed || inputs % SPELL === 0) {
        connection.hangUp();
        connection = wire.connectIn();
      }
      const { written } = wire;
      for (const segment of segmentsOf(input)) connection.say(segment);
      if (++inputs % HALF_MINUTE === 0) await run(40);
      const { tcp } = agent.counters.transport;
      if (tcp.defects > 0 || defects.length > 0) throw new Error(defects[0] ?? 'a message was not handled');
      if (tcp.connections > 4096) throw new Error(`${tcp.connections} connections`);
      return wire.written > written ? 'taken' : 'refused';
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

/** A network that strangers connect in from, and nobody can be reached over. */
class Wire extends LonelyNetwork {
  written = 0;
  #port = 0;

  connectIn(): Stranger {
    this.#port = (this.#port + 1) % 60_000;
    const stranger = new Stranger({ address: '10.0.0.9', port: 1024 + this.#port }, () => this.written++);
    this.accepted(stranger);
    return stranger;
  }
}

class Stranger implements Stream {
  readonly local = { address: '10.0.0.1', port: 5060 };
  readonly remote: Endpoint;
  /** It reads nothing: what is written stays with us. */
  backlog = 0;
  closed = false;
  #handlers: StreamHandlers | undefined;
  #wrote: () => void;

  constructor(remote: Endpoint, wrote: () => void) {
    this.remote = remote;
    this.#wrote = wrote;
  }

  say(segment: Buffer): void {
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

/** A message over TCP, with a length that is right, wrong, said twice, or not said at all. */
function message(chance: Chance): Buffer {
  const [head = '', body = ''] = sipMessage(chance)
    .toString('latin1')
    .replace(/^(Content-Length|l) *:.*\r\n/gim, '')
    .replace('SIP/2.0/UDP', 'SIP/2.0/TCP')
    .split(/\r\n\r\n(.*)/s);
  const length = chance.once(3)
    ? chance.pick([
        '',
        '-1',
        '1e3',
        '99999999999',
        '65536',
        '0',
        String(body.length + 1 - chance.int(3)),
        '7, 7',
        '0x10',
      ])
    : String(body.length);
  const lines = chance.pick([
    [`Content-Length: ${length}`],
    [`l:${length}`],
    ['Content-Length: 0', `l: ${length}`],
  ]);
  return Buffer.from(`${head}\r\n${(chance.once(12) ? [] : lines).join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

function write(chance: Chance): Buffer {
  const pieces = chance.some(5, () => (chance.once(3) ? chance.pick(KEEP_ALIVES) : message(chance)));
  if (chance.once(200)) pieces.push(Buffer.alloc(70_000, 'X'));
  return cutAnywhere(chance, Buffer.concat(pieces));
}

/** SIP over TCP: messages one behind the other, cut anywhere, with lengths that lie. */
export const sipTcp: Target = {
  name: 'sip-tcp',
  share: 60,
  corpus: sipCorpus.map((message) => Buffer.concat([Buffer.from([0, 200, 3, 0, 0, 130, 1, 0]), message])),
  write,
  open,
};
