import { expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import type { AudioAgreement, Sound } from '../media/index.ts';
import { UasHarness } from '../sip/testing/harness.ts';
import { Negotiation } from './negotiation.ts';
import { InboundOpening } from './opening.ts';

const sdp = (port: number) => `v=0\r\nc=IN IP4 10.0.0.9\r\nm=audio ${port} RTP/AVP 0\r\n`;

/** Rings for a caller that requires reliable responses. */
async function ringing(body: string) {
  const uas = await UasHarness.open();
  await uas.invite({ Require: '100rel' }, body);
  const ports: number[] = [];
  const sound = {
    local: { address: '10.0.0.2', port: 20_000 },
    connect: ({ remote }: AudioAgreement) => void ports.push(remote.port),
  };
  const { lastInvite: invited } = uas;
  const negotiation = new Negotiation({
    ...{ sound: sound as unknown as Sound, address: '10.0.0.2', random: seededRandom(1) },
    offer: invited.offer,
    peer: '10.0.0.9',
  });
  const opening = new InboundOpening(invited, negotiation);
  opening.ring();
  await uas.wait(20);
  const ringing = uas.lastResponse();
  const prack = (answer: string) => {
    const RAck = `${ringing.headers.get('RSeq')} 1 INVITE`;
    return uas.send(uas.peer.inDialog(ringing, 'PRACK', 2, { RAck }, answer));
  };
  return { uas, opening, ringing, prack, ports };
}

test('sends our offer in a reliable 180 when the INVITE has none, and connects audio with the answer', async () => {
  const { uas, opening, ringing: response, prack, ports } = await ringing('');
  expect(response.body.toString()).toContain('m=audio 20000');
  await prack(sdp(4000));
  expect(ports).toEqual([]);
  await opening.answer();
  await uas.wait(20);
  expect(uas.lastResponse()).toMatchObject({ status: 200, body: { length: 0 } });
  expect(ports).toEqual([4000]);
});

test('sends audio to the address of the last offer before the answer', async () => {
  const { uas, opening, ringing: response, prack, ports } = await ringing(sdp(4000));
  expect(response.body).toHaveLength(0);
  await prack(sdp(4002));
  expect(uas.lastResponse('PRACK').body.toString()).toContain('m=audio 20000');
  expect(ports).toEqual([]);
  await opening.answer();
  await uas.wait(20);
  expect(uas.lastResponse().body.toString()).toContain('m=audio 20000');
  expect(ports).toEqual([4002]);
});

test('sends no 180 for an INVITE that is already refused', async () => {
  const { uas, opening } = await ringing(sdp(4000));
  uas.lastInvite.reject(486);
  expect(() => opening.ring()).not.toThrow();
});
