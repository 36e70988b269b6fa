import { describe, expect, test } from 'vitest';
import { parseMessage, type SipResponse, serialize, toOf } from './message/index.ts';
import { UacHarness, UasHarness } from './testing/harness.ts';
import { ANSWER, NONE_OPEN, OFFER, openResources } from './testing/pair.ts';

const text = (bytes: Buffer) => bytes.toString('latin1');

describe('an INVITE as phones and carriers send it', () => {
  test.each([
    { From: 'ACME (Main) <sip:peer@10.0.0.9>;tag=peer' },
    { From: 'Jos\u00c3\u00a9, Sr. & Sons <sip:peer@10.0.0.9>;tag=peer' },
    { From: '"Sam\\" <sip:peer@10.0.0.9>;tag=peer' },
    { From: '<sip:@10.0.0.9>;tag=peer' },
    { To: '""unknown"" <sip:bob@10.0.0.2>' },
    { Contact: 'Bell, Alexander <sip:peer@10.0.0.9>' },
    { Contact: '"Sam\\" <sip:peer@10.0.0.9>' },
    { Route: 'nonsense' },
  ])('is accepted with %o, and ended', async (headers) => {
    const uas = await UasHarness.open();
    const { dialog } = await uas.establish({ ...headers } as Record<string, string>);
    void dialog.bye();
    await uas.wait(20);
    const [bye] = uas.peer.requests('BYE');
    expect(bye?.uri).toBe('sip:peer@10.0.0.9');
    expect(bye?.headers.get('To')).toMatch(/^("[^"]*" )?<[^<>]+>;tag=peer$/);
  });

  test.each<Record<string, string>>([
    { Contact: '<tel:+15550100>' },
    { Contact: '<mailto:peer@10.0.0.9>' },
    { Contact: '<sip:peer@10.0.0.9:0>' },
    { Contact: '<sip:peer@10.0.0.9:99999>' },
    { Contact: '<sip:a@10.0.0.9>, <sip:b@10.0.0.9>' },
    { Contact: '*' },
    { Contact: '<sip:peer@10.0.0.9;transport=sctp>' },
    { Contact: '<sip:peer@256.1.1.1>' },
    { Contact: '<sip:peer@224.0.0.1>' },
    { Contact: '<sip:peer@10.0.0.9;maddr=10.9>' },
    { 'Max-Forwards': '70\r\nRecord-Route: <tel:+1555>' },
    { 'Max-Forwards': '70\r\nRecord-Route: <sip:10.0.0.9:0;lr>' },
    { 'Max-Forwards': '70\r\nRecord-Route: <sip:10.0.0.9;transport=sctp;lr>, <sip:10.0.0.8;lr>' },
    { Contact: '' },
    { Contact: '<<<' },
    { 'Max-Forwards': '70\r\nMax-Forwards: 69' },
    { 'Call-ID': 'a b' },
  ])('is refused with %o: 400 with a To tag and the reason', async (headers) => {
    const uas = await UasHarness.open();
    const [[name, value]] = Object.entries(headers) as [[string, string]];
    const lines = text(serialize(uas.peer.request('INVITE', {}, OFFER)));
    uas.peer.send(Buffer.from(lines.replace(new RegExp(`^${name}: .*$`, 'm'), `${name}: ${value}`)));
    await uas.wait(20);
    expect(uas.lastResponse().status).toBe(400);
    expect(toOf(uas.lastResponse()).tag).toMatch(/^[0-9a-f]{16}$/);
    expect(uas.lastResponse().headers.get('Warning')).toMatch(/^399 minivoice "[^"]+"$/);
    expect(uas.pair.invites).toHaveLength(0);
  });

  test('is answered if its lines end with LF only, over UDP and TCP', async () => {
    const uas = await UasHarness.open();
    const lines = text(serialize(uas.peer.request('INVITE', {}, OFFER))).replaceAll('\r', '');
    uas.peer.send(Buffer.from(lines.replace(/^Content-Length: .*\n/m, '')));
    await uas.wait(20);
    expect(uas.lastInvite.offer).toBe(OFFER.replaceAll('\r', ''));
    uas.lastInvite.reject(486);

    const received: string[] = [];
    const at = { address: '10.0.0.2', port: 5060 };
    const stream = await uas.pair.network.connect(at, new AbortController().signal);
    stream.handle({ data: (chunk) => void received.push(text(chunk)), closed() {} });
    const tcp = uas.peer.request('OPTIONS', { Via: 'SIP/2.0/TCP 10.0.0.9;branch=z9hG4bKlf' });
    stream.write(Buffer.from(text(serialize(tcp)).replaceAll('\r', '')));
    await uas.wait(20);
    expect(received.join('')).toContain('SIP/2.0 200 OK');
  });
});

describe('a request within a dialog', () => {
  const inside = [
    ['an unquoted name', 'From: .*', 'From: ACME (Main), <<x>> ;tag=peer'],
    ['a malformed To', 'To: .*(;tag=.*)', 'To: "Bob$1'],
    ['a broken Contact', 'Contact: .*', 'Contact: <<<>'],
    ['two Max-Forwards', 'Max-Forwards: .*', 'Max-Forwards: 70\r\nMax-Forwards: x'],
    ['a malformed line', 'Max-Forwards: .*', 'nonsense'],
    ['another Request-URI', ' sip:bob@10.0.0.2 ', ' x-y:%%% '],
    ['a wrong length', 'Content-Length: .*', 'Content-Length: 500'],
    ['two lengths', 'Content-Length: .*', 'Content-Length: 1\r\nl: 2'],
  ] as const;

  test.each(inside)('is accepted with %s', async (_what, field, value) => {
    const uas = await UasHarness.open();
    const { dialog, ok } = await uas.establish();
    const bye = text(serialize(uas.peer.inDialog(ok, 'BYE', 2)));
    const spoiled = bye.replace(new RegExp(field), value);
    expect(spoiled).not.toBe(bye);
    uas.peer.send(Buffer.from(spoiled, 'latin1'));
    await uas.wait(20);
    expect(uas.statuses('BYE')).toEqual([200]);
    expect(await dialog.ended).toMatchObject({ by: 'remote' });
  });

  test('with an unusable new Contact is refused', async () => {
    const uas = await UasHarness.open();
    const { dialog, ok } = await uas.establish();
    dialog.onOffer = () => ANSWER;
    await uas.send(uas.peer.inDialog(ok, 'INVITE', 2, { Contact: '<tel:+15550100>' }, OFFER));
    expect(uas.lastResponse().status).toBe(400);
    await uas.send(uas.peer.inDialog(ok, 'UPDATE', 3, { Contact: '' }, OFFER));
    expect(uas.statuses('UPDATE')).toEqual([200]);
    void dialog.bye();
    await uas.wait(20);
    expect(uas.peer.requests('BYE')[0]?.uri).toBe('sip:peer@10.0.0.9');
  });
});

/** Lets the peer answer the INVITE with a response that `spoil` has changed. */
async function answered(status: number, spoil: (lines: string) => string) {
  const uac = await UacHarness.open();
  const { outgoing, invite } = await uac.startCall();
  const ok = text(serialize(uac.peer.response(invite, status, 'x', {}, ANSWER)));
  expect(spoil(ok)).not.toBe(ok);
  uac.peer.send(Buffer.from(spoil(ok), 'latin1'), '10.0.0.1');
  await uac.wait(20);
  return { uac, outgoing, invite, malformed: uac.pair.alice.counters.transport.udp.malformed };
}

describe('a response', () => {
  test.each<[string, (lines: string) => string]>([
    ['a malformed line', (lines) => lines.replace('\r\n', '\r\nnonsense\r\n')],
    ['two Content-Types', (lines) => lines.replace('\r\n\r\n', '\r\nc: application/sdp\r\n\r\n')],
    ['a name that needs quotes', (lines) => lines.replace(/To: </, 'To: Bell, (A) <')],
    ['no reason phrase', (lines) => lines.replace('200 OK', '200')],
    ['two spaces', (lines) => lines.replace('200 OK', ' 200  OK')],
    ['a wrong length', (lines) => lines.replace(/Content-Length: .*/, 'Content-Length: 900')],
  ])('is accepted with %s', async (_what, spoil) => {
    const { outgoing } = await answered(200, spoil);
    expect(await outgoing.result).toMatchObject({ kind: 'accepted' });
  });

  test.each<[string, (lines: string) => string]>([
    ['a malformed Contact', (lines) => lines.replace(/Contact: .*/, 'Contact: <<<')],
    ['a tel: Contact', (lines) => lines.replace(/Contact: .*/, 'Contact: <tel:+1555>')],
    ['port 0 in the Contact', (lines) => lines.replace(/Contact: .*/, 'Contact: <sip:a@10.0.0.9:0>')],
    ['no Contact', (lines) => lines.replace(/Contact: .*\r\n/, '')],
    ['two Contacts', (lines) => lines.replace(/Contact: .*/, '$&\r\n$&')],
    ['another transport', (lines) => lines.replace(/(Contact: .*)>/, '$1;transport=sctp>')],
    ['a tel: Record-Route', (lines) => lines.replace('\r\n', '\r\nRecord-Route: <tel:+1>\r\n')],
    ['port 0 in the route', (lines) => lines.replace('\r\n', '\r\nRecord-Route: <sip:a@10.0.0.9:0;lr>\r\n')],
    ['a malformed Record-Route', (lines) => lines.replace('\r\n', '\r\nRecord-Route: <sip:a\r\n')],
    ['no answer', (lines) => lines.replace(/\r\n\r\n[\s\S]*/, '\r\n\r\n')],
  ])('that accepts our call with %s is acknowledged, and the call is ended', async (_what, spoil) => {
    const { uac, outgoing } = await answered(200, spoil);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 488 });
    expect(uac.peer.log).toEqual(['INVITE', 'ACK', 'BYE']);
    const [bye] = uac.peer.requests('BYE');
    await uac.respond(bye!, 200);
    expect(await openResources(uac.pair)).toEqual(NONE_OPEN);
  });

  test.each<[string, (lines: string) => string, number]>([
    ['a malformed To', (lines) => lines.replace(/To: .*/, 'To: <sip'), 486],
    ['a malformed CSeq', (lines) => lines.replace(/CSeq: .*/, 'CSeq: one'), 486],
    ['a malformed Via', (lines) => lines.replace(/Via: SIP\/2.0\/UDP/, 'Via: UDP'), 486],
    ['an invalid status', (lines) => lines.replace('486', '4294967782'), 502],
    ['another version', (lines) => lines.replace('SIP/2.0', 'SIP/9.0'), 502],
  ])('that refuses our call with %s ends it immediately, and is counted', async (_what, spoil, status) => {
    const { uac, outgoing, malformed } = await answered(486, spoil);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status });
    expect(uac.peer.log).toEqual(['INVITE', 'ACK']);
    expect(malformed).toBe(1);
    expect(await openResources(uac.pair)).toEqual(NONE_OPEN);
  });

  test('to another request is accepted with a malformed Contact', async () => {
    const uac = await UacHarness.open();
    const response = uac.pair.alice.request({ method: 'REGISTER', target: 'sip:10.0.0.9', from: 'sip:a@x' });
    await uac.wait(10);
    const [register] = uac.peer.requests('REGISTER');
    const ok: SipResponse = uac.peer.response(register!, 200, 'x');
    ok.headers.set('Contact', '<<<');
    uac.peer.send(ok, '10.0.0.1');
    await uac.wait(10);
    expect((await response).status).toBe(200);
    expect((await response).headers.has('Contact')).toBe(false);
  });
});

test('a sips: call has a sips: Contact on both sides', async () => {
  const uas = await UasHarness.open();
  const request = parseMessage(serialize(uas.peer.request('INVITE', {}, OFFER)));
  if (request.kind === 'request') request.uri = 'sips:bob@10.0.0.2';
  uas.peer.send(request);
  await uas.wait(20);
  await uas.lastInvite.accept(ANSWER);
  await uas.wait(20);
  expect(uas.lastResponse().headers.get('Contact')).toBe('<sips:bob@10.0.0.2:5061>');

  const uac = await UacHarness.open();
  const hop = { transport: 'udp', address: '10.0.0.9', port: 5060 } as const;
  const { invite } = await uac.startCall({ target: 'sips:peer@10.0.0.9', destination: hop });
  expect(invite.headers.get('Contact')).toBe('<sips:alice@10.0.0.1:5061>');
});

test('every refusal names its fault', async () => {
  const uas = await UasHarness.open();
  const { peer } = uas;
  const { ok } = await uas.establish();
  const outside = { From: '<sip:peer@10.0.0.9>;tag=other', 'Call-ID': 'other' };
  for (const request of [
    peer.request('MESSAGE', { ...outside, 'Call-ID': '1' }),
    peer.request('PRACK', { ...outside, 'Call-ID': '2' }),
    peer.request('CANCEL', { ...outside, 'Call-ID': '3' }),
    peer.request('BYE', { ...outside, To: '<sip:bob@10.0.0.2>;tag=none' }),
    peer.request('INVITE', { ...outside, 'Call-ID': '4', 'Max-Forwards': '0' }, OFFER),
    peer.request('INVITE', { ...outside, 'Call-ID': '5', Require: 'siprec' }, OFFER),
    peer.request('INVITE', { ...outside, 'Call-ID': '6', 'Content-Type': 'a/b' }, OFFER),
    peer.request('INVITE', { ...outside, 'Call-ID': '7', Contact: '<tel:+1555>' }, OFFER),
    peer.inDialog(ok, 'PRACK', 2, { RAck: '1 1 INVITE' }),
    peer.inDialog(ok, 'NOTIFY', 3),
    peer.inDialog(ok, 'REFER', 4, { 'Refer-To': '<sip:x@y>' }),
    peer.inDialog(ok, 'PUBLISH', 5),
    peer.inDialog(ok, 'INVITE', 6, {}, OFFER),
    peer.inDialog(ok, 'UPDATE', 7, { 'Content-Type': 'a/b' }, OFFER),
  ]) {
    await uas.send(request);
    const refusal = uas.lastResponse(request.method);
    expect(refusal.status).toBeGreaterThanOrEqual(400);
    expect(refusal.headers.get('Warning'), request.method).toMatch(/^399 minivoice ".+"$/);
  }
});
