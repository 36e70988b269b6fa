import type { Line } from '../../e2e/support/stage.ts';
import { seconds } from './caller.ts';
import type { Fault } from './fault.ts';
import { body, type Heard, RawPeer, sdp, tagOf } from './raw-peer.ts';
import { type Account, accountOf, type Seen, type World } from './world.ts';

/** Somebody who is called, and the call to him. */
interface Called {
  peer: RawPeer;
  line: Line;
  invite: Heard;
  id: string;
  /** Answers the INVITE. */
  answer(status: number, more?: { tag?: string; sdp?: string }): void;
}

async function called(world: World, playSeconds: number): Promise<Called> {
  const peer = await RawPeer.open();
  const line = await world.stage.line([{ play: { url: world.stage.tone(1000, playSeconds * 1000) } }]);
  const { id } = await line.dial({ to: peer.uri });
  const invite = await peer.hear('INVITE');
  const { port } = world.stage.server.sip;
  const answer: Called['answer'] = (status, more) => peer.answer(invite, status, { ...more, port });
  answer(100);
  return { peer, line, invite, id, answer };
}

/** Hears what the far end of a tag is told: whether its 200 is acknowledged, and whether it is hung up on. */
const toldTo = async ({ peer }: Called, tag: string, ...whats: string[]): Promise<string> => {
  for (const what of whats) await peer.hear(what, (heard) => tagOf(heard, 'To') === tag);
  return whats.join(' and ');
};

const fault = (
  name: string,
  playSeconds: number,
  happen: (called: Called) => Promise<string>,
  promised: Seen,
  look: (account: Account, called: Called) => string = (account) => account.logged(),
): Fault => ({
  name: `a callee ${name}`,
  async happen(world) {
    const one = await called(world, playSeconds);
    const caller = await happen(one);
    const account = await accountOf(one.line);
    one.peer.close();
    return { caller, application: await account.told(), operator: look(account, one) };
  },
  promised,
});

/** The line of the log about a way that led nowhere. */
const refusals = (_: Account, { line, peer }: Called): string => {
  const lines = line.stage.server.log.filter((each) => each.includes('not answered'));
  const mine = lines
    .map((each) => JSON.parse(each))
    .find(({ way }) => String(way).includes(String(peer.port)));
  return mine ? `log: \`${mine.msg}\` (${mine.status} ${mine.phrase})` : 'nothing';
};

const NORMAL = '`call.completed` (`application`)';

/** An answer with which nobody can be heard. */
const unheard = (what: string, answer: (peer: RawPeer) => string, why: string): Fault =>
  fault(
    `who answers ${what}`,
    1,
    async (one) => {
      one.answer(200, { sdp: answer(one.peer) });
      return `gets ${await toldTo(one, 'raw', 'ACK', 'BYE')}`;
    },
    {
      caller: 'gets ACK and BYE',
      application: '`call.failed` (`rejected`)',
      operator: `log: \`not answered\` (${why})`,
    },
    refusals,
  );

export const callees: Fault[] = [
  fault(
    'who answers no BYE',
    0.3,
    async ({ peer, line, answer }) => {
      peer.deaf = true;
      answer(200, { sdp: sdp(peer.mediaPort) });
      await peer.hear('BYE');
      await accountOf(line);
      const soon = peer.count('BYE') < 5;
      await seconds(2);
      return `gets the BYE ${peer.count('BYE') >= 5 ? 'again and again' : 'once'}; the call is over ${soon ? 'at once' : 'late'}`;
    },
    {
      caller: 'gets the BYE again and again; the call is over at once',
      application: NORMAL,
      operator: 'nothing',
    },
  ),
  fault(
    'who says his 200 for ever',
    1.5,
    async ({ peer, invite, answer }) => {
      for (let times = 0; times < 10; times++) {
        answer(200, { sdp: sdp(peer.mediaPort) });
        await seconds(0.1);
      }
      peer.talk(body(invite));
      await peer.hear('BYE');
      const acks = peer.count('ACK');
      return `gets ${acks === 10 ? 'an ACK for each' : `${acks} ACKs for 10`}, and hears ${peer.loud > 50 ? 'sound' : 'silence'}`;
    },
    { caller: 'gets an ACK for each, and hears sound', application: NORMAL, operator: 'nothing' },
  ),
  fault(
    'who rings five hundred times',
    0.5,
    async ({ peer, answer }) => {
      for (let times = 0; times < 500; times++) answer(times % 2 ? 183 : 180);
      answer(200, { sdp: sdp(peer.mediaPort) });
      await peer.hear('BYE');
      return `is heard when he answers, and hears ${peer.loud > 15 ? 'sound' : 'silence'}`;
    },
    { caller: 'is heard when he answers, and hears sound', application: NORMAL, operator: 'nothing' },
  ),
  fault(
    'who answers in two places at once',
    1,
    async (one) => {
      for (const tag of ['one', 'two']) one.answer(200, { tag, sdp: sdp(one.peer.mediaPort) });
      const second = await toldTo(one, 'two', 'ACK', 'BYE');
      const early = one.peer.heard.all.some((each) => each.what === 'BYE' && tagOf(each, 'To') === 'one');
      const first = early ? 'is hung up on too' : 'has the call';
      await toldTo(one, 'one', 'ACK', 'BYE');
      return `the first ${first}, the second gets ${second}`;
    },
    {
      caller: 'the first has the call, the second gets ACK and BYE',
      application: NORMAL,
      operator: 'nothing',
    },
  ),
  fault(
    'who answers after the call was taken back',
    1,
    async (one) => {
      one.answer(180);
      await seconds(0.1);
      await one.line.callOf(one.id).hangUp();
      await one.peer.hear('CANCEL');
      one.answer(200, { sdp: sdp(one.peer.mediaPort) });
      return `gets CANCEL, ${await toldTo(one, 'raw', 'ACK', 'BYE')}`;
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
    '488 None of the codecs is one of PCMU, PCMA, G722, opus',
  ),
  unheard('with port 0', () => sdp(0), '488 The audio is refused (port 0)'),
  fault(
    'who answers with the address 0.0.0.0, which is a hold',
    0.5,
    async (one) => {
      one.answer(200, { sdp: sdp(one.peer.mediaPort, { address: '0.0.0.0' }) });
      const told = await toldTo(one, 'raw', 'ACK', 'BYE');
      return `gets ${told}, and ${one.peer.loud === 0 ? 'no packet' : 'sound'}`;
    },
    { caller: 'gets ACK and BYE, and no packet', application: NORMAL, operator: 'nothing' },
  ),
];
