import { beforeEach, describe, expect, test } from 'vitest';
import type { SipResponse } from '../message/index.ts';
import { openPair, type Pair } from '../testing/pair.ts';
import { Peer } from '../testing/peer.ts';

let pair: Pair;
let peer: Peer;

beforeEach(async () => {
  pair = await openPair();
  peer = await Peer.listen(pair);
});

const answers = async (datagram: string): Promise<SipResponse[]> => {
  peer.send(Buffer.from(datagram, 'latin1'));
  await pair.clock.advance(20);
  return peer.received.filter((each) => each.kind === 'response');
};

describe('a malformed datagram', () => {
  test('with port 0 in its Via is refused at its source', async () => {
    const [answer] = await answers('A b SIP/2.0\r\nv:SIP/2.0/UDP a:0;branch=z\r\n\r\n');
    expect(answer).toMatchObject({ status: 400 });
    expect(answer!.headers.get('Warning')).toMatch(/^399 minivoice "/);
  });

  test.each([
    '10.0.0.9:0',
    '10.0.0.9:00',
    '10.0.0.9:65536',
    '10.0.0.9:99999',
    '10.0.0.9:12345678',
    '[::::]:5060',
    '[1.2.3.4.5]',
    '[fe80::1%lo]:5060',
  ])('with the Via %s is refused at its source with the reason', async (host) => {
    const invite = peer.request('INVITE', { Via: `SIP/2.0/UDP ${host};branch=z9hG4bKx` });
    peer.send(invite);
    await pair.clock.advance(20);
    const [answer] = peer.responses('INVITE');
    expect(answer).toMatchObject({ status: 400 });
    expect(answer!.headers.get('Warning')).toMatch(/Via|port/);
    expect(answer!.headers.get('Via')).toContain(host);
    expect(pair.bob.counters.transport.udp).toMatchObject({ malformed: 1, defects: 0, failed: 0 });
  });

  test('without port and rport in its Via is answered at 5060', async () => {
    peer.send(peer.request('OPTIONS', { Via: 'SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx' }));
    await pair.clock.advance(20);
    expect(peer.responses('OPTIONS')).toHaveLength(1);
  });

  test('that is an ACK is never answered', async () => {
    peer.send(peer.request('ACK', { Via: 'SIP/2.0/UDP 10.0.0.9:0;branch=z9hG4bKx' }));
    await pair.clock.advance(20);
    expect(peer.received).toEqual([]);
  });
});
