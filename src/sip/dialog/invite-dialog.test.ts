import { beforeEach, describe, expect, test } from 'vitest';
import { cseqOf, type SipRequest } from '../message/index.ts';
import { ANSWER, leftovers, NOTHING, OFFER, type Pair } from '../testing/pair.ts';
import type { Peer } from '../testing/peer.ts';
import { Scene } from '../testing/scene.ts';

let scene: Scene;
let both: Pair;
let peer: Peer;

beforeEach(async () => {
  scene = await Scene.open();
  ({ both, peer } = scene);
});

const wait = (ms: number) => scene.wait(ms);
const send = (request: SipRequest) => scene.send(request);
const last = (method?: string) => scene.last(method);
const statuses = (method: string) => scene.statuses(method);

describe('inside a dialog', () => {
  test('a request of an unknown dialog is answered with 481', async () => {
    const { ok } = await scene.talking();
    await send(peer.within(ok, 'BYE', 2, { 'Call-ID': 'another' }));
    expect(statuses('BYE')).toEqual([481]);
  });

  test('a request with a lower CSeq is answered with 500', async () => {
    const { ok } = await scene.talking();
    await send(peer.within(ok, 'INFO', 5));
    await send(peer.within(ok, 'INFO', 4));
    expect(statuses('INFO')).toEqual([200, 500]);
  });

  test('a method that means nothing is answered with 405 and Allow', async () => {
    const { ok } = await scene.talking();
    await send(peer.within(ok, 'DANCE', 2));
    expect(statuses('DANCE')).toEqual([405]);
    expect(last('DANCE').headers.get('Allow')).toContain('INVITE');
  });

  test('a re-INVITE is answered by onOffer, its 200 repeated until its ACK', async () => {
    const { dialog, ok } = await scene.talking();
    dialog.onOffer = (offer) => `${offer}answered`;
    await send(peer.within(ok, 'INVITE', 2, {}, OFFER));
    expect(last().body.toString()).toBe(`${OFFER}answered`);
    await wait(600);
    expect(statuses('INVITE')).toEqual([200, 200, 200]);
    await send(peer.within(ok, 'ACK', 2));
    await wait(10_000);
    expect(statuses('INVITE')).toEqual([200, 200, 200]);
  });

  test('a re-INVITE without an offer gets ours, and its ACK brings the answer', async () => {
    const { dialog, ok } = await scene.talking();
    const answers: string[] = [];
    dialog.onAnswer = (sdp) => answers.push(sdp);
    await send(peer.within(ok, 'INVITE', 2));
    expect(last().body.toString()).toBe(ANSWER);
    await send(peer.within(ok, 'ACK', 2, {}, 'v=0\r\n'));
    expect(answers).toEqual(['v=0\r\n']);
  });

  test('a change that is refused with a Failure is a 488, with another error a 500, and the call goes on', async () => {
    const { dialog, ok } = await scene.talking();
    await send(peer.within(ok, 'INVITE', 2, {}, OFFER));
    expect(last().status).toBe(488);
    dialog.onOffer = () => {
      throw new Error('a defect');
    };
    await send(peer.within(ok, 'UPDATE', 3, {}, OFFER));
    expect(last('UPDATE').status).toBe(500);
    expect(dialog.phase).toBe('confirmed');
  });

  test('a second change while one waits for its answer is told to try later', async () => {
    const { dialog, ok } = await scene.talking();
    dialog.onOffer = () => new Promise(() => {});
    await send(peer.within(ok, 'INVITE', 2, {}, OFFER));
    await send(peer.within(ok, 'UPDATE', 3, {}, OFFER));
    expect(last('UPDATE').status).toBe(500);
    expect(last('UPDATE').headers.get('Retry-After')).toMatch(/^\d+$/);
    await send(peer.within(ok, 'BYE', 4));
    expect(last('INVITE').status).toBe(487);
  });

  test('a new Contact in a re-INVITE is where our BYE goes', async () => {
    const { dialog, ok } = await scene.talking();
    dialog.onOffer = () => ANSWER;
    const moved: string[] = [];
    both.bob.dialogs.moved.on(({ pendingBye }) => moved.push(pendingBye.target));
    await send(peer.within(ok, 'INVITE', 2, { Contact: '<sip:moved@10.0.0.9>' }, OFFER));
    expect(moved).toEqual(['sip:moved@10.0.0.9']);
    await send(peer.within(ok, 'ACK', 2));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:moved@10.0.0.9');
    expect(cseqOf(peer.requests('BYE')[0]!).method).toBe('BYE');
  });

  test('BYEs that cross are both answered with 200', async () => {
    const { dialog, ok } = await scene.talking();
    const bye = dialog.bye();
    await wait(1);
    await send(peer.within(ok, 'BYE', 2));
    expect(statuses('BYE')).toEqual([200]);
    peer.send(peer.response(peer.requests('BYE')[0]!, 481));
    await wait(20);
    await bye;
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('INFO, REFER and NOTIFY go to their hooks; without one REFER is declined, NOTIFY is a 481', async () => {
    const { dialog, ok } = await scene.talking();
    await send(peer.within(ok, 'REFER', 2, { 'Refer-To': '<sip:carol@example.com>' }));
    await send(peer.within(ok, 'NOTIFY', 3));
    expect([statuses('REFER'), statuses('NOTIFY')]).toEqual([[603], [481]]);
    const heard: string[] = [];
    const hear = (request: SipRequest) => {
      heard.push(request.method);
      return undefined;
    };
    dialog.onInfo = dialog.onRefer = dialog.onNotify = hear;
    await send(peer.within(ok, 'REFER', 4, { 'Refer-To': '<sip:carol@example.com>' }));
    await send(peer.within(ok, 'NOTIFY', 5));
    await send(peer.within(ok, 'INFO', 6, { 'Content-Type': 'application/dtmf-relay' }, 'Signal=5'));
    expect(heard).toEqual(['REFER', 'NOTIFY', 'INFO']);
    expect([last('REFER').status, last('NOTIFY').status, last('INFO').status]).toEqual([202, 200, 200]);
  });

  test('a route set is followed in our requests, in the order of the Record-Route', async () => {
    const { dialog } = await scene.talking({ 'Record-Route': '<sip:10.0.0.9;lr>, <sip:10.0.0.8;lr>' });
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.headers.all('Route')).toEqual(['<sip:10.0.0.9;lr>', '<sip:10.0.0.8;lr>']);
  });

  test('a side that no longer knows the call has ended it', async () => {
    const { dialog } = await scene.talking();
    void dialog.info({ contentType: 'text/plain', content: 'x' });
    await wait(20);
    peer.send(peer.response(peer.requests('INFO')[0]!, 481));
    await wait(20);
    expect(await dialog.ended).toMatchObject({ by: 'remote', status: 481 });
    expect(await leftovers(both)).toEqual(NOTHING);
  });
});

describe('session timers (RFC 4028), when we answer', () => {
  const asked = (refresher: string) => ({
    Supported: 'timer',
    'Session-Expires': `100;refresher=${refresher}`,
  });

  test('the caller that promised to refresh and does not is hung up on', async () => {
    const { dialog, ok } = await scene.answered(asked('uac'));
    expect(ok.headers.get('Session-Expires')).toBe('100;refresher=uac');
    expect(ok.headers.get('Require')).toBe('timer');
    await send(peer.within(ok, 'ACK', 1));
    await wait(60_000);
    await send(peer.within(ok, 'UPDATE', 2, asked('uac')));
    expect(last('UPDATE').headers.get('Session-Expires')).toBe('100;refresher=uac');
    await wait(69_000);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout', code: 'session_expired' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('when we are to refresh, we do at half time, by UPDATE where the caller takes it', async () => {
    const { ok } = await scene.answered({ ...asked('uas'), Allow: 'INVITE, UPDATE' });
    await send(peer.within(ok, 'ACK', 1));
    await wait(50_000);
    const [update] = peer.requests('UPDATE');
    expect(update!.headers.get('Session-Expires')).toBe('100;refresher=uac');
    peer.send(peer.response(update!, 200, undefined, { 'Session-Expires': '100;refresher=uac' }));
    await wait(50_100);
    expect(peer.requests('UPDATE').length).toBeGreaterThan(1);
    expect(peer.log).not.toContain('BYE');
  });

  test('when the caller takes no UPDATE, by re-INVITE with what we said last', async () => {
    const { ok } = await scene.answered(asked('uas'));
    await send(peer.within(ok, 'ACK', 1));
    await wait(50_000);
    expect(peer.requests('INVITE')[0]!.body.toString()).toBe(ANSWER);
  });
});
