import { beforeEach, describe, expect, test } from 'vitest';
import { cseqOf, type SipRequest } from '../message/index.ts';
import { UasHarness } from '../testing/harness.ts';
import { ANSWER, NONE_OPEN, OFFER, openResources, type Pair } from '../testing/pair.ts';
import type { Peer } from '../testing/peer.ts';

let uas: UasHarness;
let pair: Pair;
let peer: Peer;

beforeEach(async () => {
  uas = await UasHarness.open();
  ({ pair, peer } = uas);
});

const wait = (ms: number) => uas.wait(ms);
const send = (request: SipRequest) => uas.send(request);
const last = (method?: string) => uas.lastResponse(method);
const statuses = (method: string) => uas.statuses(method);

describe('a dialog', () => {
  test('answers a request of an unknown dialog with 481', async () => {
    const { ok } = await uas.establish();
    await send(peer.inDialog(ok, 'BYE', 2, { 'Call-ID': 'another' }));
    expect(statuses('BYE')).toEqual([481]);
  });

  test('answers a request with a lower CSeq with 500', async () => {
    const { ok } = await uas.establish();
    await send(peer.inDialog(ok, 'INFO', 5));
    await send(peer.inDialog(ok, 'INFO', 4));
    expect(statuses('INFO')).toEqual([200, 500]);
  });

  test('answers an unsupported method with 405 and Allow', async () => {
    const { ok } = await uas.establish();
    await send(peer.inDialog(ok, 'DANCE', 2));
    expect(statuses('DANCE')).toEqual([405]);
    expect(last('DANCE').headers.get('Allow')).toContain('INVITE');
  });

  test('answers a re-INVITE by onOffer, and retransmits the 200 until the ACK', async () => {
    const { dialog, ok } = await uas.establish();
    dialog.onOffer = (offer) => `${offer}answered`;
    await send(peer.inDialog(ok, 'INVITE', 2, {}, OFFER));
    expect(last().body.toString()).toBe(`${OFFER}answered`);
    await wait(600);
    expect(statuses('INVITE')).toEqual([200, 200, 200]);
    await send(peer.inDialog(ok, 'ACK', 2));
    await wait(10_000);
    expect(statuses('INVITE')).toEqual([200, 200, 200]);
  });

  test('answers a re-INVITE without offer with our offer, and takes the answer from the ACK', async () => {
    const { dialog, ok } = await uas.establish();
    const answers: string[] = [];
    dialog.onAnswer = (sdp) => answers.push(sdp);
    await send(peer.inDialog(ok, 'INVITE', 2));
    expect(last().body.toString()).toBe(ANSWER);
    await send(peer.inDialog(ok, 'ACK', 2, {}, 'v=0\r\n'));
    expect(answers).toEqual(['v=0\r\n']);
  });

  test('answers a change with 488 for a Failure and with 500 for another error, and continues the call', async () => {
    const { dialog, ok } = await uas.establish();
    await send(peer.inDialog(ok, 'INVITE', 2, {}, OFFER));
    expect(last().status).toBe(488);
    dialog.onOffer = () => {
      throw new Error('a defect');
    };
    await send(peer.inDialog(ok, 'UPDATE', 3, {}, OFFER));
    expect(last('UPDATE').status).toBe(500);
    expect(dialog.phase).toBe('confirmed');
  });

  test('refuses a second change while one is in progress with Retry-After', async () => {
    const { dialog, ok } = await uas.establish();
    dialog.onOffer = () => new Promise(() => {});
    await send(peer.inDialog(ok, 'INVITE', 2, {}, OFFER));
    await send(peer.inDialog(ok, 'UPDATE', 3, {}, OFFER));
    expect(last('UPDATE').status).toBe(500);
    expect(last('UPDATE').headers.get('Retry-After')).toMatch(/^\d+$/);
    await send(peer.inDialog(ok, 'BYE', 4));
    expect(last('INVITE').status).toBe(487);
  });

  test('sends the BYE to the new Contact of a re-INVITE', async () => {
    const { dialog, ok } = await uas.establish();
    dialog.onOffer = () => ANSWER;
    const moved: string[] = [];
    pair.bob.dialogs.moved.on(({ pendingBye }) => moved.push(pendingBye.target));
    await send(peer.inDialog(ok, 'INVITE', 2, { Contact: '<sip:moved@10.0.0.9>' }, OFFER));
    expect(moved).toEqual(['sip:moved@10.0.0.9']);
    await send(peer.inDialog(ok, 'ACK', 2));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:moved@10.0.0.9');
    expect(cseqOf(peer.requests('BYE')[0]!).method).toBe('BYE');
  });

  test('answers both of two crossing BYEs with 200', async () => {
    const { dialog, ok } = await uas.establish();
    const bye = dialog.bye();
    await wait(1);
    await send(peer.inDialog(ok, 'BYE', 2));
    expect(statuses('BYE')).toEqual([200]);
    peer.send(peer.response(peer.requests('BYE')[0]!, 481));
    await wait(20);
    await bye;
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('refuses REFER with 603, and passes INFO and NOTIFY to their hooks; without one NOTIFY gets 481', async () => {
    const { dialog, ok } = await uas.establish();
    await send(peer.inDialog(ok, 'REFER', 2, { 'Refer-To': '<sip:carol@example.com>' }));
    await send(peer.inDialog(ok, 'NOTIFY', 3));
    expect([statuses('REFER'), statuses('NOTIFY')]).toEqual([[603], [481]]);
    const received: string[] = [];
    const hear = (request: SipRequest) => {
      received.push(request.method);
      return undefined;
    };
    dialog.onInfo = dialog.onNotify = hear;
    await send(peer.inDialog(ok, 'REFER', 4, { 'Refer-To': '<sip:carol@example.com>' }));
    await send(peer.inDialog(ok, 'NOTIFY', 5));
    await send(peer.inDialog(ok, 'INFO', 6, { 'Content-Type': 'application/dtmf-relay' }, 'Signal=5'));
    expect(received).toEqual(['NOTIFY', 'INFO']);
    expect([last('REFER').status, last('NOTIFY').status, last('INFO').status]).toEqual([603, 200, 200]);
  });

  test('sends requests along the route set, in Record-Route order', async () => {
    const { dialog } = await uas.establish({ 'Record-Route': '<sip:10.0.0.9;lr>, <sip:10.0.0.8;lr>' });
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.headers.all('Route')).toEqual(['<sip:10.0.0.9;lr>', '<sip:10.0.0.8;lr>']);
  });

  test('ends the call for a 481', async () => {
    const { dialog } = await uas.establish();
    void dialog.info({ contentType: 'text/plain', content: 'x' });
    await wait(20);
    peer.send(peer.response(peer.requests('INFO')[0]!, 481));
    await wait(20);
    expect(await dialog.ended).toMatchObject({ by: 'remote', status: 481 });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});

describe('session timers (RFC 4028) as UAS', () => {
  const sessionTimer = (refresher: string) => ({
    Supported: 'timer',
    'Session-Expires': `100;refresher=${refresher}`,
  });

  test('end the call if the refresher does not refresh it', async () => {
    const { dialog, ok } = await uas.acceptCall(sessionTimer('uac'));
    expect(ok.headers.get('Session-Expires')).toBe('100;refresher=uac');
    expect(ok.headers.get('Require')).toBe('timer');
    await send(peer.inDialog(ok, 'ACK', 1));
    await wait(60_000);
    await send(peer.inDialog(ok, 'UPDATE', 2, sessionTimer('uac')));
    expect(last('UPDATE').headers.get('Session-Expires')).toBe('100;refresher=uac');
    await wait(69_000);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout', code: 'session_expired' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('refresh at half of the interval, by UPDATE if the caller allows it', async () => {
    const { ok } = await uas.acceptCall({ ...sessionTimer('uas'), Allow: 'INVITE, UPDATE' });
    await send(peer.inDialog(ok, 'ACK', 1));
    await wait(50_000);
    const [update] = peer.requests('UPDATE');
    expect(update!.headers.get('Session-Expires')).toBe('100;refresher=uac');
    peer.send(peer.response(update!, 200, undefined, { 'Session-Expires': '100;refresher=uac' }));
    await wait(50_100);
    expect(peer.requests('UPDATE').length).toBeGreaterThan(1);
    expect(peer.log).not.toContain('BYE');
  });

  test('refresh by re-INVITE with our last description if the caller does not allow UPDATE', async () => {
    const { ok } = await uas.acceptCall(sessionTimer('uas'));
    await send(peer.inDialog(ok, 'ACK', 1));
    await wait(50_000);
    expect(peer.requests('INVITE')[0]!.body.toString()).toBe(ANSWER);
  });
});
