import type { DialedLeg } from '../../../src/calls/index.ts';
import { Signal, seededRandom } from '../../../src/core/index.ts';
import type { MediaEngine, Sound } from '../../../src/media/index.ts';
import type { Endpoint } from '../../../src/net/index.ts';
import { createUserAgent } from '../../../src/sip/index.ts';
import { createDialer } from '../../../src/telephony/index.ts';
import type { Chance } from '../chance.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';
import { Asked } from './asked.ts';
import { defectsIn } from './defects.ts';
import { LonelyNetwork } from './lonely-network.ts';
import { SDP } from './sip-words.ts';

const FAR: Endpoint = { address: '10.0.0.9', port: 5060 };
/** Calls that are up or on their way at a time. */
const CALLS = 4;
/** Inputs for each call before it is hung up, and inputs in five seconds. */
const PATIENCE = 40;
const RATE = 50;

/** Calls that we place with somebody who answers as the input says: nothing is left of them, whatever that is. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const random = seededRandom(13);
  const defects: string[] = [];
  const log = defectsIn(defects);
  const wire = new Wire();
  const agent = createUserAgent({
    ...{ clock, random, log, network: wire, host: '10.0.0.1', port: 5060 },
    ...{ userAgent: 'fuzz', sessionExpires: 1800 },
  });
  await agent.listen();
  const trunk = {
    id: 'trunk_far',
    gatewayName: 'far',
    proxy: '10.0.0.9',
    transport: 'udp',
    username: 'us',
    password: 'pw',
  } as const;
  const dialer = createDialer({
    ...{
      userAgent: agent,
      media: silentMedia,
      clock,
      random,
      log,
      publicAddress: undefined,
      allowPrivate: true,
    },
    trunks: () => [{ ...trunk, realm: null, fromDomain: null, srtp: false, customerId: null }],
    phone: () => undefined,
    mayShow: () => true,
    isHere: (host) => host === '10.0.0.1',
    resolve: (host) => wire.resolve(host),
    services: async () => [],
  });
  const legs: DialedLeg[] = [];
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 5) {
      clock.run(5000);
      await turn();
    }
  };
  const dial = async () => {
    wire.forget();
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
    async take(input) {
      if (inputs % (PATIENCE / CALLS) === 0) {
        while (legs.length >= CALLS) await legs.shift()!.hangup();
        await dial();
      }
      const { sent } = wire;
      wire.arrive(input);
      await turn();
      if (++inputs % RATE === 0) await run(5);
      if (agent.counters.transport.udp.defects > 0 || defects.length > 0)
        throw new Error(defects[0] ?? 'a message could not be handled');
      return wire.sent > sent ? 'taken' : 'refused';
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

/** A network on which the far end says what it is given, filled in with what it was last asked. */
class Wire extends LonelyNetwork {
  sent = 0;
  #asked = new Asked();

  /** The next INVITE begins another call. */
  forget(): void {
    this.#asked.forget();
  }

  arrive(input: Buffer): void {
    this.received(this.#asked.fill(input), FAR);
  }

  protected override said = (data: Buffer): void => {
    this.sent++;
    this.#asked.note(data.toString('latin1'));
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
const EXTRA: readonly ((chance: Chance) => string)[] = [
  (chance) => `Contact: ${chance.pick(CONTACTS)}`,
  (chance) =>
    `Record-Route: ${chance.pick(['<sip:10.0.0.9;lr>', '<sip:10.0.0.9>', '<sip:a;lr>, <sip:b;lr>', 'x', '<sip:[::1;lr>'])}`,
  (chance) => `Require: ${chance.pick(['100rel', 'timer', 'x'])}`,
  (chance) => `RSeq: ${chance.pick(['1', '2', '0', '4294967296', 'x'])}`,
  (chance) =>
    `Session-Expires: ${chance.pick(['90', '1', '1800;refresher=uac', '1800;refresher=uas', '9'.repeat(20), 'x'])}`,
  (chance) => `Min-SE: ${chance.pick(['90', '3600', '9'.repeat(20), '-1', ''])}`,
  (chance) => `Retry-After: ${chance.pick(['1', '9'.repeat(20), 'x'])}`,
  (chance) =>
    `${chance.pick(['WWW', 'Proxy'])}-Authenticate: Digest realm="${chance.pick(['a', 'b', ''])}", nonce="${chance.int(9)}"${chance.pick(['', ', qop="auth"', ', qop="auth-int"', ', stale=true', ', algorithm=SHA-256', ', algorithm=x'])}`,
  (chance) => `Refer-To: ${chance.pick(['<sip:a@b>', '<sip:a@b?Replaces=x>', 'x', ''])}`,
  (chance) => `RAck: 1 ${chance.int(3)} INVITE`,
  (chance) => `X: ${chance.bytes(chance.int(30)).toString('latin1')}`,
];

function body(chance: Chance): string {
  const lines = SDP.split('\r\n');
  if (chance.once(2)) return SDP;
  const line = chance.pick([
    'm=audio 0 RTP/AVP 0',
    'm=audio 4000 RTP/SAVP 0',
    'a=inactive',
    'c=IN IP4 0.0.0.0',
    'm=video 1 RTP/AVP 31',
    'x',
  ]);
  lines.splice(chance.int(lines.length), chance.int(2), line);
  return lines.join('\r\n');
}

function whole(chance: Chance, lines: string[]): Buffer {
  const text = chance.once(2) ? body(chance) : '';
  const type = text ? [`Content-Type: ${chance.once(9) ? 'text/plain' : 'application/sdp'}`] : [];
  const all = [
    ...lines,
    ...chance.some(3, () => chance.pick(EXTRA)(chance)),
    ...type,
    `Content-Length: ${text.length}`,
  ];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n${text}`, 'latin1');
}

/** A response to what we asked last, or to our INVITE. */
function response(chance: Chance): Buffer {
  const own = chance.once(3) ? '@' : '%';
  const field = (name: string) => `${own}${name}${own}`;
  const tag = chance.pick([';tag=far', ';tag=far', `;tag=${chance.int(40)}`, '']);
  const cseq = chance.once(12) ? chance.pick(['1 BYE', '99 INVITE', 'x']) : field('CSeq');
  const lines = [`SIP/2.0 ${chance.pick(STATUSES)} X`, `Via: ${field('Via')}`, `From: ${field('From')}`];
  return whole(chance, [
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

/** What the far end asks within the call. */
function request(chance: Chance): Buffer {
  const method = chance.once(4) ? 'INVITE' : chance.pick(METHODS.slice(chance.once(3) ? 0 : 1));
  const branch = chance.int(1e6);
  return whole(chance, [
    `${method} sip:us@10.0.0.1:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKfar${branch}`,
    'Max-Forwards: 70',
    `From: %To%;tag=${chance.pick(['far', 'far', 'x'])}`,
    'To: %From%',
    'Call-ID: %CallID%',
    `CSeq: ${chance.int(50)} ${method}`,
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

/** The far ends of calls that we place: what they answer, and what they ask once they have. */
export const sipCalls: Target = {
  name: 'sip-calls',
  share: 60,
  corpus,
  write: (chance) => (chance.once(3) ? request(chance) : response(chance)),
  open,
};
