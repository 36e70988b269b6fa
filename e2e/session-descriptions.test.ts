import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness, type Line } from './support/harness.ts';
import { inAlaw, Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';
import { RawCaller } from './support/raw-caller.ts';
import { RtpPhone } from './support/rtp-phone.ts';

let harness: Harness;
let line: Line;
beforeAll(async () => {
  harness = await Harness.open();
  line = await harness.line([{ play: { url: harness.tone(1000, 60_000) } }]);
});
afterAll(() => harness.close());

const sdp = (port: number | string, more: string[] = [], connection = 'IN IP4 127.0.0.1') =>
  [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', `c=${connection}`, 't=0 0'],
    ...[`m=audio ${port} RTP/AVP 0 101`, 'a=rtpmap:101 telephone-event/8000', ...more, ''],
  ].join('\r\n');

describe('a description with minor errors is answered', { concurrent: true }, () => {
  it.each<[string, string]>([
    ['other lines', sdp(4000, ['m=video 0 RTP/SAVPF', 'm=application 9 TCP/MRCPv2'])],
    ['spaces', sdp(4000).replaceAll('\r\n', ' \r\n')],
    ['an odd o= line', sdp(4000).replace('o=- 1 1', 'o=Front Desk 8f3a -1')],
    ['a broken rtpmap', sdp(4000, ['a=rtpmap:97 iLBC / 8000', 'a=rtpmap:98'])],
    ['a NUL at the end', `${sdp(4000)}\0`],
    ['port 65535', sdp(65_535)],
    ['a hold by address', sdp(4000, [], 'IN IP4 0.0.0.0')],
    ['AVPF', sdp(4000).replace('RTP/AVP', 'RTP/AVPF')],
  ])('%s', async (_what, body) => {
    const caller = await RawCaller.open(harness.server, line.number);
    expect((await caller.invite(1, body)).status).toBe(200);
    await caller.bye();
  });

  it.each<[string, number, string]>([
    ['m=audio 65536 RTP/AVP', 400, sdp(65_536)],
    ['m=audio -1 RTP/AVP', 400, sdp(-1)],
    ['m=audio 0 RTP/AVP', 488, sdp(0)],
    ['m=audio 4000 RTP/AVP 18', 488, sdp(4000).replace('AVP 0 101', 'AVP 18')],
  ])('or refused with a Warning that names the line: %s', async (text, status, body) => {
    const caller = await RawCaller.open(harness.server, line.number);
    const response = await caller.invite(1, body);
    expect(response.status).toBe(status);
    expect(response.text).toMatch(new RegExp(`^Warning: 399 .*${text}`, 'm'));
    caller.close();
  });
});

it('hold by c=0.0.0.0 is accepted, and audio flows again after it', async () => {
  const own = await harness.line([{ start_recording: {} }, { play: { url: harness.tone(1000, 60_000) } }]);
  const phone = await RtpPhone.open(440);
  const caller = await RawCaller.open(harness.server, own.number);
  const call = own.arrived();
  await caller.invite(1, sdp(phone.port));
  await phone.hears(1000);
  const hold = await caller.invite(2, sdp(phone.port, ['a=inactive'], 'IN IP4 0.0.0.0'));
  expect(hold).toMatchObject({ status: 200, sdp: expect.stringContaining('a=inactive\r\n') });
  caller.request('UPDATE', 3, { body: sdp(phone.port, [], 'IN IP6 ::') });
  expect((await caller.final('UPDATE', 3)).sdp).toContain('a=recvonly\r\n');
  expect((await caller.invite(4, sdp(phone.port))).sdp).toContain('a=sendrecv\r\n');
  await phone.hears(1000);
  await caller.bye();
  await (await call).next('recording.completed');
  phone.close();
});

describe('an INVITE without an offer whose ACK has no usable answer', { concurrent: true }, () => {
  it.each<[string, string[], string]>([
    ['none', [], ''],
    ['only G.729', [], sdp(4000).replace('AVP 0 101', 'AVP 18')],
    ['garbage', [], 'garbage'],
  ])('%s: BYE with a Reason, and the call has failed', async (what, headers, body) => {
    const own = await harness.line([{ pause: { seconds: 60 } }]);
    const caller = await RawCaller.open(harness.server, own.number);
    const call = own.arrived();
    const response = await caller.invite(1, '', { headers, body });
    expect(response.sdp, what).toContain('m=audio');
    expect(await caller.answer('BYE')).toMatch(/^Reason: SIP;cause=488;text="/m);
    expect((await (await call).next('call.failed')).data).toMatchObject({ reason: 'no_usable_answer' });
    caller.close();
  });
});

it('an INVITE without an offer that requires 100rel gets our offer in the 180, and the PRACK answers it', async () => {
  const phone = await RtpPhone.open(440);
  const caller = await RawCaller.open(harness.server, line.number);
  caller.request('INVITE', 1, { headers: ['Require: 100rel'] });
  const ringing = await caller.inbox.take((message) => message.startsWith('SIP/2.0 180'), '180');
  expect(ringing).toContain('m=audio');
  caller.enter(ringing);
  const rseq = /^RSeq: (\d+)/m.exec(ringing)![1];
  caller.request('PRACK', 2, { headers: [`RAck: ${rseq} 1 INVITE`], body: sdp(phone.port) });
  expect((await caller.final('PRACK', 2)).status).toBe(200);
  expect((await caller.final('INVITE', 1)).sdp).toBe('');
  caller.request('ACK', 1);
  await phone.hears(1000);
  await caller.bye();
  phone.close();
});

it.skipIf(missing.sipp)(
  `a caller that changes its codec in the middle of a call is recorded throughout ${missing.sipp ?? ''}`,
  async () => {
    const own = await harness.line([{ start_recording: {} }, { pause: { seconds: 4 } }]);
    const said = new Talk().tone(440, 3000).packets;
    const talk = said.map((packet, at) => (Math.floor(at / 50) === 1 ? inAlaw(packet) : packet));
    const { caller, call } = await own.call({ codecs: [0, 8], talk });
    await call.next('recording.completed');
    await caller.done;
    const heard = await call.hear();
    expect(heard.heardMs(0, 440)).toBeGreaterThanOrEqual(2500);
    expect(heard.heard(0, 440, 200)).toHaveLength(1);
  },
);
