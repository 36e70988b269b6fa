import type { DialedLeg } from '../../../src/calls/index.ts';
import { type Log, Signal, seededRandom } from '../../../src/core/index.ts';
import type { MediaEngine, Sound } from '../../../src/media/index.ts';
import type { Endpoint } from '../../../src/net/index.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import { createDialer } from '../../../src/telephony/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';
import { SDP } from './sip-messages.ts';
import { defectsIn, IsolatedNetwork, LastRequest } from './support.ts';

const FAR: Endpoint = { address: '10.0.0.9', port: 5060 };
/** Concurrent calls. */
const CALLS = 4;
/** Inputs for each call before it is hung up. */
const INPUTS_PER_CALL = 40;
/** Inputs per five seconds. */
const RATE = 50;

const TRUNK = {
  id: 'trunk_far',
  gatewayName: 'far',
  proxy: '10.0.0.9',
  transport: 'udp',
  username: 'us',
  password: 'pw',
  realm: null,
  fromDomain: null,
  srtp: false,
  customerId: null,
} as const;

/** A user agent and a dialer that calls over one trunk. */
async function openDialer(clock: StepClock, network: PeerNetwork, log: Log) {
  const random = seededRandom(13);
  const userAgent = createUserAgent({
    ...{ clock, random, log, network, host: '10.0.0.1', port: 5060 },
    ...{ userAgent: 'fuzz', sessionExpires: 1800 },
  });
  await userAgent.listen();
  const dialer = createDialer({
    ...{ userAgent, media: silentMedia, clock, random, log },
    publicAddress: undefined,
    allowPrivate: true,
    trunks: () => [TRUNK],
    phone: () => undefined,
    mayShow: () => true,
    isHere: (host) => host === '10.0.0.1',
    resolve: (host) => network.resolve(host),
    services: async () => [],
  });
  return { agent: userAgent, dialer };
}

/** Places calls to a peer that sends the inputs; every call must end without leaving anything open. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const defects: string[] = [];
  const network = new PeerNetwork();
  const { agent, dialer } = await openDialer(clock, network, defectsIn(defects));
  const legs: DialedLeg[] = [];
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 5) {
      clock.run(5000);
      await turn();
    }
  };
  const dial = async () => {
    network.forget();
    const { signal } = new AbortController();
    const from = '+15550001111';
    const request = { destination: '+15550100000', from, customerId: 'cust_1', timeoutMs: 30_000, signal };
    const leg = await dialer.dial(request);
    leg.answer().catch(() => {});
    legs.push(leg);
    await turn();
  };
  let inputs = 0;
  return {
    async process(input) {
      if (inputs % (INPUTS_PER_CALL / CALLS) === 0) {
        while (legs.length >= CALLS) await legs.shift()!.hangup();
        await dial();
      }
      const { messages } = network;
      network.arrive(input);
      await turn();
      if (++inputs % RATE === 0) await run(5);
      if (agent.counters.transport.udp.defects > 0 || defects.length > 0)
        throw new Error(defects[0] ?? 'a message was not handled');
      return network.messages > messages ? 'accepted' : 'refused';
    },
    async settle() {
      await Promise.all(legs.splice(0).map((leg) => leg.hangup()));
      await run(4000);
      const left = Object.entries({ ...agent.counters.open, timers: clock.pending });
      return left.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
    },
    async close() {
      const closed = agent.close();
      await run(10);
      await closed;
    },
  };
}

const turn = () => new Promise(setImmediate);

/** Sound that nobody hears. */
const silentMedia = {
  open: async () =>
    ({
      local: { address: '10.0.0.1', port: 4000 },
      digits: new Signal(),
      held: new Signal(),
      signaled() {},
      lost: new Signal(),
      quiet: new Signal(),
      connect: () => {},
      close: async () => ({ packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 }),
    }) as unknown as Sound,
} as unknown as MediaEngine;

/** A network whose peer sends the inputs, completed with the fields of its last request. */
class PeerNetwork extends IsolatedNetwork {
  messages = 0;
  #lastRequest = new LastRequest();

  /** Forgets the INVITE, because another call begins. */
  forget(): void {
    this.#lastRequest.forget();
  }

  arrive(input: Buffer): void {
    this.received(this.#lastRequest.fill(input), FAR);
  }

  protected override sent = (data: Buffer): void => {
    this.messages++;
    this.#lastRequest.store(data.toString('latin1'));
  };
}

const STATUSES = [
  '100',
  '180',
  '183',
  '200',
  '200',
  '202',
  '301',
  '302',
  '401',
  '407',
  '422',
  '481',
  '486',
  '491',
  '503',
  '603',
  '699',
];
const CONTACTS = [
  '<sip:far@10.0.0.9>',
  '<sip:far@10.0.0.9;transport=tcp>',
  '<sip:[::1]>',
  '<sip:a@10.0.0.1>;q=x',
  '*',
  '<tel:+1>',
  '<sip:x@nowhere>, <sip:far@10.0.0.9:5062>;q=0.1',
  '<sip:',
  '',
];
const EXTRA: readonly ((random: RandomChoice) => string)[] = [
  (random) => `Contact: ${random.pick(CONTACTS)}`,
  (random) =>
    `Record-Route: ${random.pick(['<sip:10.0.0.9;lr>', '<sip:10.0.0.9>', '<sip:a;lr>, <sip:b;lr>', 'x', '<sip:[::1;lr>'])}`,
  (random) => `Require: ${random.pick(['100rel', 'timer', 'x'])}`,
  (random) => `RSeq: ${random.pick(['1', '2', '0', '4294967296', 'x'])}`,
  (random) =>
    `Session-Expires: ${random.pick(['90', '1', '1800;refresher=uac', '1800;refresher=uas', '9'.repeat(20), 'x'])}`,
  (random) => `Min-SE: ${random.pick(['90', '3600', '9'.repeat(20), '-1', ''])}`,
  (random) => `Retry-After: ${random.pick(['1', '9'.repeat(20), 'x'])}`,
  (random) =>
    `${random.pick(['WWW', 'Proxy'])}-Authenticate: Digest realm="${random.pick(['a', 'b', ''])}", nonce="${random.int(9)}"${random.pick(['', ', qop="auth"', ', qop="auth-int"', ', stale=true', ', algorithm=SHA-256', ', algorithm=x'])}`,
  (random) => `Refer-To: ${random.pick(['<sip:a@b>', '<sip:a@b?Replaces=x>', 'x', ''])}`,
  (random) => `RAck: 1 ${random.int(3)} INVITE`,
  (random) => `X: ${random.bytes(random.int(30)).toString('latin1')}`,
];

function body(random: RandomChoice): string {
  const lines = SDP.split('\r\n');
  if (random.once(2)) return SDP;
  const line = random.pick([
    'm=audio 0 RTP/AVP 0',
    'm=audio 4000 RTP/SAVP 0',
    'a=inactive',
    'c=IN IP4 0.0.0.0',
    'm=video 1 RTP/AVP 31',
    'x',
  ]);
  lines.splice(random.int(lines.length), random.int(2), line);
  return lines.join('\r\n');
}

function whole(random: RandomChoice, lines: string[]): Buffer {
  const text = random.once(2) ? body(random) : '';
  const type = text ? [`Content-Type: ${random.once(9) ? 'text/plain' : 'application/sdp'}`] : [];
  const all = [
    ...lines,
    ...random.some(3, () => random.pick(EXTRA)(random)),
    ...type,
    `Content-Length: ${text.length}`,
  ];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n${text}`, 'latin1');
}

/** A response to our last request, or to our INVITE. */
function response(random: RandomChoice): Buffer {
  const own = random.once(3) ? '@' : '%';
  const field = (name: string) => `${own}${name}${own}`;
  const tag = random.pick([';tag=far', ';tag=far', `;tag=${random.int(40)}`, '']);
  const cseq = random.once(12) ? random.pick(['1 BYE', '99 INVITE', 'x']) : field('CSeq');
  const lines = [`SIP/2.0 ${random.pick(STATUSES)} X`, `Via: ${field('Via')}`, `From: ${field('From')}`];
  return whole(random, [
    ...lines,
    `To: ${field('To')}${tag}`,
    `Call-ID: ${field('CallID')}`,
    `CSeq: ${cseq}`,
    `Contact: <sip:far@10.0.0.9>`,
  ]);
}

const METHODS = [
  'BYE',
  'INVITE',
  'ACK',
  'UPDATE',
  'INFO',
  'REFER',
  'NOTIFY',
  'PRACK',
  'CANCEL',
  'OPTIONS',
  'MESSAGE',
];

/** A request of the peer within the call. */
function request(random: RandomChoice): Buffer {
  const method = random.once(4) ? 'INVITE' : random.pick(METHODS.slice(random.once(3) ? 0 : 1));
  const branch = random.int(1e6);
  return whole(random, [
    `${method} sip:us@10.0.0.1:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKfar${branch}`,
    'Max-Forwards: 70',
    `From: %To%;tag=${random.pick(['far', 'far', 'x'])}`,
    'To: %From%',
    'Call-ID: %CallID%',
    `CSeq: ${random.int(50)} ${method}`,
    'Contact: <sip:far@10.0.0.9>',
  ]);
}

const corpus = ['180', '183', '200', '302', '401', '486'].map((status) =>
  Buffer.from(
    [
      `SIP/2.0 ${status} X`,
      ...['Via: %Via%', 'From: %From%', 'To: %To%;tag=far', 'Call-ID: %CallID%', 'CSeq: %CSeq%'],
      'Contact: <sip:far@10.0.0.9>',
      'Record-Route: <sip:10.0.0.9;lr>',
      'WWW-Authenticate: Digest realm="a", nonce="1", qop="auth"',
      ...['Content-Type: application/sdp', `Content-Length: ${SDP.length}`, '', SDP],
    ].join('\r\n'),
  ),
);

/** The peers of outgoing calls: their responses and their requests within the call. */
export const sipCalls: Target = {
  name: 'sip-calls',
  share: 60,
  corpus,
  generate: (random) => (random.once(3) ? request(random) : response(random)),
  open,
};
