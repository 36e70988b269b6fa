import type { Harness, Line } from '../../e2e/support/harness.ts';
import { until } from '../support/until.ts';
import { seconds } from './caller.ts';
import type { Fault } from './fault.ts';
import { RawCall } from './raw-call.ts';
import { body, field, type Heard, RawPeer, sdp, tagOf } from './raw-peer.ts';
import { type Account, accountOf, type Seen, type World } from './world.ts';

/** A callee, and the call to them. */
interface Called {
  peer: RawPeer;
  line: Line;
  invite: Heard;
  id: string;
  /** Answers the INVITE, or a later one. */
  answer(status: number, more?: { tag?: string; sdp?: string; to?: Heard }): void;
}

async function called(world: World, lasts: number): Promise<Called> {
  const peer = await RawPeer.open();
  const line = await world.harness.line([{ hold: {} }, { pause: { seconds: lasts } }]);
  const { id } = await line.dial({ to: peer.uri });
  const invite = await peer.hear('INVITE');
  const { port } = world.harness.server.sip;
  const answer: Called['answer'] = (status, { to = invite, ...more } = {}) =>
    peer.answer(to, status, { ...more, port });
  answer(100);
  return { peer, line, invite, id, answer };
}

/** Which requests a far end, identified by its tag, has received: the ACK of its 200, and a BYE. */
const requestsTo = async ({ peer }: Called, tag: string, ...whats: string[]): Promise<string> => {
  for (const what of whats) await peer.hear(what, (heard) => tagOf(heard, 'To') === tag);
  return whats.join(' and ');
};

const fault = (
  name: string,
  lasts: number,
  happen: (called: Called) => Promise<string>,
  promised: Seen,
  look: (account: Account, called: Called) => string = (account) => account.logged(),
): Fault => ({
  name: `a callee ${name}`,
  async happen(world) {
    const one = await called(world, lasts);
    const caller = await happen(one);
    const account = await accountOf(one.line);
    one.peer.close();
    return { caller, application: await account.events(), operator: look(account, one) };
  },
  promised,
});

/** The log line about a failed call attempt. */
const refusals = (_: Account, { line, peer }: Called): string => {
  const lines = line.harness.server.log.filter((each) => each.includes('call attempt failed'));
  const mine = lines
    .map((each) => JSON.parse(each))
    .find(({ route }) => String(route).includes(String(peer.port)));
  // Ports are others each time.
  const phrase = String(mine?.phrase).replace(/m=audio \d{2,}/, 'm=audio …');
  return mine ? `log: \`${mine.msg}\` (${mine.status} ${phrase})` : 'nothing';
};

export const BYE_AGAIN = 'gets the BYE repeatedly; the call has ended anyway';

/** To be asked when the call is over: whether that did not wait for the answer to the BYE. */
export async function byeAgain(peer: RawPeer): Promise<string> {
  const before = peer.count('BYE');
  await peer.heard.take(({ what }) => what === 'BYE' && peer.count('BYE') > before, 'another BYE');
  return BYE_AGAIN;
}

/** `MINIVOICE_MEDIA_TIMEOUT_SECONDS` of all peers here. */
export const QUIET_MS = 2000;

/** Describes how long after its last packet a party was hung up. */
export const hungUpAfter = (ms: number): string =>
  ms > QUIET_MS - 200 && ms < 4 * QUIET_MS
    ? 'is ended after `MINIVOICE_MEDIA_TIMEOUT_SECONDS`'
    : `is ended after ${Math.round(ms)} ms`;

export const UNANSWERED = 'log: `a BYE was not answered`';

const unansweredIn = (harness: Harness, peer: RawPeer): string => {
  const lines = harness.server.log.filter((line) => line.includes('a BYE was not answered'));
  return lines.some((line) => line.includes(`:${peer.port}`)) ? UNANSWERED : 'nothing';
};

/** What the operator sees when the BYE was given up. */
export async function unanswered(harness: Harness, peer: RawPeer): Promise<string> {
  await until(() => unansweredIn(harness, peer) === UNANSWERED, 'the log says that a BYE was not answered');
  return UNANSWERED;
}

const NORMAL = '`call.completed` (`application`)';

/** An answer with which nobody can be heard. */
const unheard = (what: string, answer: (peer: RawPeer) => string, why: string): Fault =>
  fault(
    `who answers ${what}`,
    1,
    async (one) => {
      one.answer(200, { sdp: answer(one.peer) });
      return `gets ${await requestsTo(one, 'raw', 'ACK', 'BYE')}`;
    },
    {
      caller: 'gets ACK and BYE',
      application: '`call.failed` (`rejected`)',
      operator: `log: \`call attempt failed\` (${why})`,
    },
    refusals,
  );

/** Somebody whom a caller is bridged to, and who then does something. */
const bridged = (
  name: string,
  act: (peer: RawPeer, call: RawCall) => Promise<void>,
  look: (world: World, peer: RawPeer, account: Account) => Promise<[caller: string, operator: string]>,
  promised: Seen,
): Fault => ({
  slow: true,
  name: `a callee who was bridged, and ${name}`,
  async happen(world) {
    const peer = await RawPeer.open();
    const line = await world.harness.line([{ bridge: { destination: peer.uri } }]);
    const { port } = world.harness.server.sip;
    const invite = peer.hear('INVITE');
    const call = await RawCall.open(world, line);
    peer.answer(await invite, 200, { sdp: sdp(peer.mediaPort), port });
    await peer.hear('ACK');
    await act(peer, call);
    const account = await accountOf(line);
    const [caller, operator] = await look(world, peer, account);
    peer.close();
    call.peer.close();
    return { caller, application: await account.events(), operator };
  },
  promised,
});

/** A BYE of who was called. */
const byeOf = (peer: RawPeer, invite: Heard): string =>
  [
    `BYE ${field(invite, 'Contact').replace(/[<>]/g, '')} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${field(invite, 'Call-ID')}`,
    `From: ${field(invite, 'To')};tag=raw`,
    `To: ${field(invite, 'From')}`,
    `Call-ID: ${field(invite, 'Call-ID')}`,
    'CSeq: 1 BYE',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');

export const callees: Fault[] = [
  fault(
    'who does not answer the BYE',
    0.3,
    async ({ peer, line, answer }) => {
      peer.deaf = true;
      answer(200, { sdp: sdp(peer.mediaPort) });
      await peer.hear('BYE');
      await accountOf(line);
      const received = await byeAgain(peer);
      await unanswered(line.harness, peer);
      return received;
    },
    { caller: BYE_AGAIN, application: NORMAL, operator: UNANSWERED },
    (_, { line, peer }) => unansweredIn(line.harness, peer),
  ),
  bridged(
    'answers no BYE',
    async (peer, call) => {
      peer.deaf = true;
      await call.say('BYE');
    },
    async (world, peer) => [await byeAgain(peer), await unanswered(world.harness, peer)],
    { caller: BYE_AGAIN, application: '`call.completed` (`caller`)', operator: UNANSWERED },
  ),
  bridged(
    'sends no packet',
    async (peer, call) => {
      await peer.hear('BYE');
      await call.peer.hear('BYE');
    },
    async (_, peer, account) => {
      const [ack, bye] = ['ACK', 'BYE'].map((name) => peer.heard.all.find(({ what }) => what === name)!.at);
      return [`${hungUpAfter(bye! - ack!)}, and so is the caller`, account.logged()];
    },
    {
      caller: `${hungUpAfter(QUIET_MS)}, and so is the caller`,
      application: '`call.completed` (`callee`)',
      operator: 'log: `the other leg was cut off` (no more audio arrived from the far end)',
    },
  ),
  fault(
    'who answers and hangs up at once',
    3,
    async ({ peer, invite, answer }) => {
      answer(200, { sdp: sdp(peer.mediaPort) });
      peer.send(byeOf(peer, invite), Number(field(invite, 'Contact').match(/:(\d+)>/)?.[1]));
      await peer.hear('200 BYE');
      await peer.hear('ACK');
      return 'gets 200 for the BYE, and the ACK';
    },
    {
      caller: 'gets 200 for the BYE, and the ACK',
      application: '`call.completed` (`callee`)',
      operator: 'nothing',
    },
  ),
  fault(
    'who redirects to themselves forever',
    1,
    async ({ peer, line, answer }) => {
      const asked = new Set<string>();
      const next = ({ what, text }: Heard) => what === 'INVITE' && !asked.has(text);
      const over = accountOf(line).then(() => undefined);
      for (let invite = peer.heard.all.find(next); invite; ) {
        asked.add(invite.text);
        answer(302, { to: invite });
        invite = await Promise.race([over, peer.heard.take(next, 'INVITE').catch(() => undefined)]);
      }
      return `gets ${asked.size} INVITEs`;
    },
    {
      caller: 'gets 6 INVITEs',
      application: '`call.failed` (`unreachable`)',
      operator: 'log: `call attempt failed` (302 Said)',
    },
    refusals,
  ),
  fault(
    'who repeats the 200 forever',
    60,
    async ({ peer, line, id, invite, answer }) => {
      peer.talk(body(invite));
      for (let times = 0; times < 10; times++) {
        answer(200, { sdp: sdp(peer.mediaPort) });
        await peer.hear('ACK');
      }
      await until(() => peer.loud > 10, 'sound is heard');
      await line.callOf(id).hangUp();
      await peer.hear('BYE');
      const acks = peer.count('ACK');
      return `gets ${acks === 10 ? 'an ACK for each' : `${acks} ACKs for 10`}, and hears audio`;
    },
    { caller: 'gets an ACK for each, and hears audio', application: NORMAL, operator: 'nothing' },
  ),
  fault(
    'who rings five hundred times',
    0.5,
    async ({ peer, answer }) => {
      for (let times = 0; times < 500; times++) answer(times % 2 ? 183 : 180);
      answer(200, { sdp: sdp(peer.mediaPort) });
      await peer.hear('BYE');
      return `is connected when they answer, and hears ${peer.loud > 10 ? 'audio' : 'silence'}`;
    },
    { caller: 'is connected when they answer, and hears audio', application: NORMAL, operator: 'nothing' },
  ),
  fault(
    'who answers from two devices at once',
    0.5,
    async (one) => {
      for (const tag of ['one', 'two']) one.answer(200, { tag, sdp: sdp(one.peer.mediaPort) });
      const second = await requestsTo(one, 'two', 'ACK', 'BYE');
      const early = one.peer.heard.all.some((each) => each.what === 'BYE' && tagOf(each, 'To') === 'one');
      const first = early ? 'is ended too' : 'has the call';
      await requestsTo(one, 'one', 'ACK', 'BYE');
      return `the first device ${first}, the second gets ${second}`;
    },
    {
      caller: 'the first device has the call, the second gets ACK and BYE',
      application: NORMAL,
      operator: 'nothing',
    },
  ),
  fault(
    'who answers after the call was canceled',
    1,
    async (one) => {
      one.answer(180);
      await seconds(0.1);
      await one.line.callOf(one.id).hangUp();
      await one.peer.hear('CANCEL');
      one.answer(200, { sdp: sdp(one.peer.mediaPort) });
      return `gets CANCEL, ${await requestsTo(one, 'raw', 'ACK', 'BYE')}`;
    },
    {
      caller: 'gets CANCEL, ACK and BYE',
      application: '`call.canceled` (`application`)',
      operator: 'nothing',
    },
  ),
  unheard('without a session description', () => '', '488 The 200 had no answer in it'),
  unheard(
    'with a codec that was not offered',
    (peer) => sdp(peer.mediaPort, { codecs: '18' }),
    '488 None of the codecs is one of PCMU, PCMA, G722, opus: the line m=audio … RTP/AVP 18',
  ),
  unheard('with port 0', () => sdp(0), '488 The audio is refused (port 0) in the line m=audio 0 RTP/AVP 0'),
  fault(
    'who answers with the address 0.0.0.0, which is a hold',
    0.5,
    async (one) => {
      one.answer(200, { sdp: sdp(one.peer.mediaPort, { address: '0.0.0.0' }) });
      const received = await requestsTo(one, 'raw', 'ACK', 'BYE');
      return `gets ${received}, and ${one.peer.loud === 0 ? 'no packet' : 'sound'}`;
    },
    { caller: 'gets ACK and BYE, and no packet', application: NORMAL, operator: 'nothing' },
  ),
];
