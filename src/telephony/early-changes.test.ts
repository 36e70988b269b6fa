import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DialedLeg } from '../calls/index.ts';
import { clips, tone } from '../media/testing/harness.ts';
import type { Phone } from '../media/testing/phone.ts';
import type { SipRequest } from '../sip/index.ts';
import { Peer } from '../sip/testing/peer.ts';
import { type Harness, openHarness } from './testing/harness.ts';

const CALLER = '10.0.0.1';

let harness: Harness;
let peer: Peer;
let leg: DialedLeg;
let invite: SipRequest;

beforeEach(async () => {
  harness = await openHarness();
  peer = await Peer.listen(harness);
  leg = await harness.dial('sip:anna@10.0.0.9');
  await harness.clock.advance(10);
  invite = peer.requests('INVITE')[0]!;
});
afterEach(() => harness.end());

const phoneAt = (port: number) => harness.phone({ address: '10.0.0.9', port });
const sdp = (phone: Phone, format = '0') =>
  `v=0\r\nc=IN IP4 10.0.0.9\r\nm=audio ${phone.local.port} RTP/AVP ${format}\r\n`;

async function respond(status: number, tag: string, body = '', headers: Record<string, string> = {}) {
  peer.send(peer.response(invite, status, tag, headers, body), CALLER);
  await harness.clock.advance(10);
  for (const prack of peer.requests('PRACK').slice(-1)) peer.send(peer.response(prack, 200), CALLER);
  await harness.clock.advance(10);
}

async function update(tag: string, body: string): Promise<string> {
  const headers = {
    From: `<sip:anna@10.0.0.9>;tag=${tag}`,
    To: invite.headers.get('From')!,
    'Call-ID': invite.headers.get('Call-ID')!,
    CSeq: '1 UPDATE',
  };
  peer.send(peer.request('UPDATE', headers, body), CALLER);
  await harness.clock.advance(10);
  const response = peer.responses('UPDATE').at(-1)!;
  expect(response.status).toBe(200);
  return response.body.toString();
}

/** Plays a tone. @returns for each phone whether it hears the tone. */
async function hearing(...phones: Phone[]): Promise<boolean[]> {
  const before = phones.map((phone) => phone.heard.length);
  void leg.sound.play(clips(tone(440, 200)));
  await harness.clock.advance(300);
  return phones.map((phone, at) => phone.heard.length > before[at]! + 5);
}

test.each<[string, Record<string, string>, boolean]>([
  ['reliable, and a 200 without a description', { Require: '100rel', RSeq: '1' }, false],
  ['reliable, and a 200 with the former description', { Require: '100rel', RSeq: '1' }, true],
  ['plain', {}, true],
])(
  'an UPDATE after a 183 moves the audio, whatever the 200 contains: %s',
  async (_what, headers, repeats) => {
    const [first, second] = [await phoneAt(4000), await phoneAt(4002)];
    await respond(183, 'x', sdp(first), headers);
    expect(await update('x', sdp(second))).toContain('m=audio 20');
    await respond(180, 'x');
    await respond(200, 'x', repeats ? sdp(first) : '');
    expect(await harness.outcome(leg)).toBe('answered');
    expect(await hearing(first, second)).toEqual([false, true]);
  },
);

test('an UPDATE with the same description changes nothing', async () => {
  const phone = await phoneAt(4000);
  await respond(183, 'x', sdp(phone), { Require: '100rel', RSeq: '1' });
  await update('x', sdp(phone).replace('v=0', 'v=0\r\no=- 1 2 IN IP4 10.0.0.9'));
  await respond(200, 'x');
  expect(await harness.outcome(leg)).toBe('answered');
  expect(await hearing(phone)).toEqual([true]);
});

test('uses the changed session of the early dialog that answers', async () => {
  const [first, second, other] = [await phoneAt(4000), await phoneAt(4002), await phoneAt(4004)];
  await respond(183, 'x', sdp(first));
  await update('x', sdp(second));
  await respond(183, 'y', sdp(other));
  await respond(200, 'x', sdp(first));
  expect(await harness.outcome(leg)).toBe('answered');
  expect(await hearing(first, second, other)).toEqual([false, true, false]);
});

test('may be answered by an early dialog without changes', async () => {
  const [first, second, other] = [await phoneAt(4000), await phoneAt(4002), await phoneAt(4004)];
  await respond(183, 'y', sdp(other));
  await respond(183, 'x', sdp(first));
  await update('x', sdp(second, '8'));
  await respond(200, 'y', sdp(other));
  expect(await harness.outcome(leg)).toBe('answered');
  expect(await hearing(first, second, other)).toEqual([false, false, true]);
});

test('sends nothing after a hold in the answer until the call is resumed', async () => {
  const phone = await phoneAt(4000);
  await respond(200, 'x', sdp(phone).replace('10.0.0.9', '0.0.0.0'));
  expect(await harness.outcome(leg)).toBe('answered');
  expect(await hearing(phone)).toEqual([false]);
  await update('x', sdp(phone));
  expect(await hearing(phone)).toEqual([true]);
});

test('sends BYE with the reason after an unusable answer', async () => {
  const phone = await phoneAt(4000);
  await respond(200, 'x', sdp(phone, '18'));
  expect(await harness.outcome(leg)).toBe('rejected 488');
  expect(peer.requests('BYE')[0]!.headers.get('Reason')).toMatch(/^SIP;cause=488;text=".*RTP\/AVP 18"$/);
});
