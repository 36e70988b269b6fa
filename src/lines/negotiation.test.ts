import { expect, test } from 'vitest';
import { seededRandom } from '../kit/index.ts';
import type { Audio } from '../media/index.ts';
import { Negotiation } from './negotiation.ts';

/** Where our packets go when somebody at `peer` says that he wants them at `said`. */
function aimOf(said: string, peer: string): unknown {
  const aims: unknown[] = [];
  const local = { address: '203.0.114.1', port: 20_000 };
  const audio = { local, connect: ({ remote }: { remote: object }) => aims.push(remote) };
  const offer = ['v=0', 'o=- 1 1 IN IP4 0', 's=-', `c=IN IP4 ${said}`, 't=0 0', 'm=audio 4000 RTP/AVP 0', ''];
  const parts = { address: local.address, random: seededRandom(1), offer: offer.join('\r\n'), peer };
  new Negotiation({ ...parts, audio: audio as unknown as Audio }).connect();
  return aims[0];
}

test.each([
  ['names a place in a private network', '10.0.0.7', '203.0.114.9', '203.0.114.9'],
  ['names the machine itself', '127.0.0.1', '203.0.114.9', '203.0.114.9'],
  ['names another place in the world', '203.0.114.77', '203.0.114.9', '203.0.114.77'],
  ['is in the same network as we', '10.0.0.7', '10.0.0.8', '10.0.0.7'],
])('the sound for a peer that %s (%s, asked by %s) goes to %s', (_what, said, peer, address) => {
  expect(aimOf(said, peer)).toEqual({ address, port: 4000 });
});
