import { afterEach, beforeEach, expect, test } from 'vitest';
import { ANSWER, openPair, type Pair } from '../testing/pair.ts';
import { Peer } from '../testing/peer.ts';

/** A public address. */
const PUBLIC_ADDRESS = '203.0.114.9';
const PRIVATE = { address: '10.0.0.66', port: 6379 };

let pair: Pair;
let received: string[];

beforeEach(async () => {
  pair = await openPair();
  received = [];
  await pair.network.listen(PRIVATE, (stream) => {
    stream.handle({ data: (chunk) => received.push(chunk.toString('latin1')), closed: () => {} });
  });
  await pair.network.bind(PRIVATE, (data) => received.push(data.toString('latin1')));
});
afterEach(async () => {
  void pair.alice.close(0);
  void pair.bob.close(0);
  await pair.clock.advance(40_000);
});

const route = `<sip:${PRIVATE.address}:${PRIVATE.port};transport=tcp;lr>`;

test.each([
  ['Record-Route', { 'Record-Route': route }],
  ['Contact', { Contact: `<sip:x@${PRIVATE.address}:${PRIVATE.port}>` }],
])('a public peer cannot direct our requests to a private address by its %s', async (_field, headers) => {
  const peer = await Peer.listen(pair, PUBLIC_ADDRESS);
  const via = `SIP/2.0/UDP ${PUBLIC_ADDRESS}:5060;branch=z9hG4bKw;rport`;
  peer.send(peer.request('INVITE', { Via: via, ...headers }, 'v=0\r\n'));
  await pair.clock.advance(20);
  const dialog = await pair.invites[0]!.accept(ANSWER);
  await pair.clock.advance(20);
  peer.send(peer.inDialog(peer.responses('INVITE')[0]!, 'ACK', 1));
  await pair.clock.advance(20);
  const { pendingBye } = dialog;
  void dialog.bye();
  await pair.clock.advance(100);
  expect(received).toEqual([]);
  expect(pendingBye).toMatchObject({ destination: { address: PUBLIC_ADDRESS } });
  expect(peer.requests('BYE')).toHaveLength(1);
});

test('a private peer may name private addresses', async () => {
  const peer = await Peer.listen(pair);
  peer.send(peer.request('INVITE', { 'Record-Route': route }, 'v=0\r\n'));
  await pair.clock.advance(20);
  const dialog = await pair.invites[0]!.accept(ANSWER);
  await pair.clock.advance(20);
  peer.send(peer.inDialog(peer.responses('INVITE')[0]!, 'ACK', 1));
  await pair.clock.advance(20);
  void dialog.bye();
  await pair.clock.advance(100);
  expect(received.join('')).toContain('BYE sip:');
});
