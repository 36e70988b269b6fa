import { afterEach, beforeEach, expect, test } from 'vitest';
import { ANSWER, type Pair, pair } from '../testing/pair.ts';
import { Peer } from '../testing/peer.ts';

/** An address of the public internet. */
const WORLD = '203.0.114.9';
const INSIDE = { address: '10.0.0.66', port: 6379 };

let both: Pair;
let inside: string[];

beforeEach(async () => {
  both = await pair();
  inside = [];
  await both.network.listen(INSIDE, (stream) => {
    stream.handle({ data: (chunk) => inside.push(chunk.toString('latin1')), closed: () => {} });
  });
  await both.network.bind(INSIDE, (data) => inside.push(data.toString('latin1')));
});
afterEach(async () => {
  void both.alice.close(0);
  void both.bob.close(0);
  await both.clock.advance(40_000);
});

const route = `<sip:${INSIDE.address}:${INSIDE.port};transport=tcp;lr>`;

test.each([
  ['Record-Route', { 'Record-Route': route }],
  ['Contact', { Contact: `<sip:x@${INSIDE.address}:${INSIDE.port}>` }],
])(
  'a peer in the world does not send our requests to machines beside us by its %s',
  async (_field, headers) => {
    const peer = await Peer.on(both, WORLD);
    const via = `SIP/2.0/UDP ${WORLD}:5060;branch=z9hG4bKw;rport`;
    peer.send(peer.request('INVITE', { Via: via, ...headers }, 'v=0\r\n'));
    await both.clock.advance(20);
    const dialog = await both.invites[0]!.accept(ANSWER);
    await both.clock.advance(20);
    peer.send(peer.within(peer.responses('INVITE')[0]!, 'ACK', 1));
    await both.clock.advance(20);
    const { pendingBye } = dialog;
    void dialog.bye();
    await both.clock.advance(100);
    expect(inside).toEqual([]);
    expect(pendingBye).toMatchObject({ destination: { address: WORLD } });
    expect(peer.requests('BYE')).toHaveLength(1);
  },
);

test('a peer beside us may name others beside us', async () => {
  const peer = await Peer.on(both);
  peer.send(peer.request('INVITE', { 'Record-Route': route }, 'v=0\r\n'));
  await both.clock.advance(20);
  const dialog = await both.invites[0]!.accept(ANSWER);
  await both.clock.advance(20);
  peer.send(peer.within(peer.responses('INVITE')[0]!, 'ACK', 1));
  await both.clock.advance(20);
  void dialog.bye();
  await both.clock.advance(100);
  expect(inside.join('')).toContain('BYE sip:');
});
