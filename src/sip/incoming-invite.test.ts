import { beforeEach, describe, expect, test } from 'vitest';
import type { Dialog } from './dialog/index.ts';
import { cseqOf, type SipRequest, type SipResponse } from './message/index.ts';
import { ANSWER, leftovers, NOTHING, OFFER, type Pair, pair } from './testing/pair.ts';
import { Peer } from './testing/peer.ts';

let both: Pair;
let peer: Peer;

beforeEach(async () => {
  both = await pair();
  peer = await Peer.on(both);
});

const wait = (ms: number) => both.clock.advance(ms);
const bob = () => both.invites.at(-1)!;
const last = (method = 'INVITE') => peer.responses(method).at(-1)!;
const statuses = (method: string) => peer.responses(method).map(({ status }) => status);

/** Sends an INVITE to bob and lets it arrive. */
async function invite(headers: Record<string, string> = {}, body = OFFER): Promise<SipRequest> {
  const request = peer.request('INVITE', headers, body);
  peer.send(request);
  await wait(20);
  return request;
}

async function answered(
  headers: Record<string, string> = {},
  body = OFFER,
): Promise<{ dialog: Dialog; ok: SipResponse }> {
  await invite(headers, body);
  const dialog = await bob().accept(ANSWER);
  await wait(20);
  return { dialog, ok: last() };
}

async function send(request: SipRequest): Promise<void> {
  peer.send(request);
  await wait(20);
}

describe('a call that comes in', () => {
  test('is answered with everything the caller needs: tag, Contact, Allow, Supported and our description', async () => {
    await answered();
    const ok = last();
    expect(ok.status).toBe(200);
    expect(ok.headers.get('To')).toMatch(/;tag=[0-9a-f]{16}$/);
    expect(ok.headers.get('Contact')).toBe('<sip:bob@10.0.0.2:5060>');
    expect(ok.headers.get('Allow')).toContain('UPDATE');
    expect(ok.headers.get('Supported')).toBe('100rel, timer');
    expect(ok.body.toString()).toBe(ANSWER);
  });

  test('whose caller never sends an ACK gets the 200 again and again, then BYE, and is over', async () => {
    const { dialog } = await answered();
    await wait(32_100);
    expect(peer.log.filter((each) => each === '200 INVITE')).toHaveLength(11);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that is hung up by us before the ACK says BYE only after it', async () => {
    const { dialog, ok } = await answered();
    void dialog.bye();
    await wait(300);
    expect(peer.log).not.toContain('BYE');
    await send(peer.within(ok, 'ACK', 1));
    expect(peer.log.at(-1)).toBe('BYE');
  });

  test('that is repeated for ever is still one call', async () => {
    const request = await invite();
    for (let times = 0; times < 20; times++) peer.send(request);
    await wait(100);
    expect(both.invites).toHaveLength(1);
    bob().reject(486);
    await wait(20);
    for (let times = 0; times < 20; times++) peer.send(request);
    expect(await leftovers(both)).toEqual(NOTHING);
    expect(both.invites).toHaveLength(1);
  });

  test('that comes over two ways is refused on the second with 482', async () => {
    await invite();
    await send(peer.request('INVITE', {}, OFFER));
    expect(last().status).toBe(482);
    expect(both.invites).toHaveLength(1);
  });

  test('makes an error of whoever takes it a 500', async () => {
    both.bob.onInvite = () => {
      throw new Error('a defect');
    };
    await invite();
    expect(last().status).toBe(500);
  });

  test.each([
    [{ 'Max-Forwards': '0' }, 483, undefined],
    [{ 'Content-Type': 'text/plain' }, 415, ['Accept', 'application/sdp']],
    [{ Require: 'siprec, 100rel' }, 420, ['Unsupported', 'siprec']],
    [{ Supported: 'timer', 'Session-Expires': '60' }, 422, ['Min-SE', '90']],
  ] as const)('with %o is refused with %i', async (headers, status, field) => {
    await invite(headers as Record<string, string>);
    expect(last().status).toBe(status);
    if (field) expect(last().headers.get(field[0])).toBe(field[1]);
    expect(both.invites).toHaveLength(0);
  });

  test('is refused by the gate as it says, before anything else', async () => {
    both.bob.gate = () => ({ status: 503, headers: [['Retry-After', '7']] });
    await invite();
    expect(last().status).toBe(503);
    expect(last().headers.get('Retry-After')).toBe('7');
  });
});

describe('CANCEL', () => {
  const cancel = (request: SipRequest) => {
    const headers = { Via: request.headers.get('Via')!, CSeq: '1 CANCEL' };
    return peer.request('CANCEL', headers);
  };

  test('while it rings is answered with 200, and the INVITE with 487', async () => {
    const request = await invite();
    bob().progress(180);
    await send(cancel(request));
    expect(statuses('CANCEL')).toEqual([200]);
    expect(last().status).toBe(487);
    expect(await bob().canceled).toBe('The caller hung up');
    expect(bob().pending).toBe(false);
    await expect(bob().accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that crosses our 200 changes nothing: the call stands', async () => {
    const request = await invite();
    const dialog = await bob().accept(ANSWER);
    await send(cancel(request));
    expect(statuses('CANCEL')).toEqual([200]);
    expect(statuses('INVITE')).toEqual([200]);
    expect(dialog.phase).toBe('confirmed');
  });

  test('of nothing is answered with 481', async () => {
    await send(peer.request('CANCEL'));
    expect(statuses('CANCEL')).toEqual([481]);
  });
});

describe('an early offer-less INVITE', () => {
  test('is answered with our offer, and the ACK brings the answer', async () => {
    await invite({}, '');
    expect(bob().offer).toBeUndefined();
    const dialog = await bob().accept(OFFER);
    const answers: string[] = [];
    dialog.onAnswer = (sdp) => answers.push(sdp);
    await wait(20);
    expect(last().body.toString()).toBe(OFFER);
    await send(peer.within(last(), 'ACK', 1, {}, ANSWER));
    await send(peer.within(last(), 'ACK', 1, {}, ANSWER));
    expect(answers).toEqual([ANSWER]);
  });
});

describe('reliable provisional responses (RFC 3262)', () => {
  const rack = (response: SipResponse) => ({ RAck: `${response.headers.get('RSeq')} 1 INVITE` });

  test('are used for 180 when the caller requires them, and repeated until the PRACK', async () => {
    await invite({ Require: '100rel' });
    bob().progress(180);
    await wait(1600);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
    expect(last().headers.get('Require')).toBe('100rel');
    await send(peer.within(last(), 'PRACK', 2, rack(last())));
    expect(statuses('PRACK')).toEqual([200]);
    await wait(10_000);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
  });

  test('are used for a description when the caller only supports them, not for a bare 180', async () => {
    await invite({ Supported: '100rel' });
    bob().progress(180);
    bob().progress(183, { sdp: ANSWER });
    await wait(20);
    const [ringing, progress] = peer.responses('INVITE');
    expect(ringing!.headers.has('RSeq')).toBe(false);
    expect(progress!.headers.has('RSeq')).toBe(true);
  });

  test('go out one at a time, numbered in order', async () => {
    await invite({ Require: '100rel' });
    bob().progress(180);
    bob().progress(183, { sdp: ANSWER });
    await wait(20);
    expect(statuses('INVITE')).toEqual([180]);
    const first = last();
    await send(peer.within(first, 'PRACK', 2, rack(first)));
    expect(statuses('INVITE')).toEqual([180, 183]);
    expect(Number(last().headers.get('RSeq'))).toBe(Number(first.headers.get('RSeq')) + 1);
  });

  test('hold the 200 back until the description in them is acknowledged', async () => {
    await invite({ Require: '100rel' });
    bob().progress(183, { sdp: ANSWER });
    const accepted = bob().accept(ANSWER);
    await wait(20);
    expect(statuses('INVITE')).toEqual([183]);
    await send(peer.within(last(), 'PRACK', 2, rack(last())));
    expect(statuses('INVITE')).toEqual([183, 200]);
    expect((await accepted).phase).toBe('confirmed');
  });

  test('that nobody acknowledges end the call with 504', async () => {
    await invite({ Require: '100rel' });
    bob().progress(180);
    await wait(32_100);
    expect(last().status).toBe(504);
    await expect(bob().accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('a PRACK for something else is answered with 481', async () => {
    await invite({ Require: '100rel' });
    bob().progress(180);
    await wait(20);
    await send(peer.within(last(), 'PRACK', 2, { RAck: '1 7 INVITE' }));
    expect(statuses('PRACK')).toEqual([481]);
  });

  test('carry our offer to a caller without one, whose PRACK brings the answer; the 200 has no body then', async () => {
    await invite({ Require: '100rel' }, '');
    const answers: string[] = [];
    bob().progress(183, { sdp: OFFER });
    bob().dialog.onAnswer = (sdp) => answers.push(sdp);
    await wait(20);
    await send(peer.within(last(), 'PRACK', 2, rack(last()), ANSWER));
    expect(answers).toEqual([ANSWER]);
    await bob().accept(OFFER);
    await wait(20);
    expect(last().status).toBe(200);
    expect(last().body).toHaveLength(0);
  });
});

describe('inside a dialog', () => {
  async function talking(headers: Record<string, string> = {}) {
    const { dialog, ok } = await answered(headers);
    await send(peer.within(ok, 'ACK', 1));
    return { dialog, ok };
  }

  test('a request of an unknown dialog is answered with 481', async () => {
    const { ok } = await talking();
    await send(peer.within(ok, 'BYE', 2, { 'Call-ID': 'another' }));
    expect(statuses('BYE')).toEqual([481]);
  });

  test('a request with a lower CSeq is answered with 500', async () => {
    const { ok } = await talking();
    await send(peer.within(ok, 'INFO', 5));
    await send(peer.within(ok, 'INFO', 4));
    expect(statuses('INFO')).toEqual([200, 500]);
  });

  test('a method that means nothing is answered with 405 and Allow', async () => {
    const { ok } = await talking();
    await send(peer.within(ok, 'DANCE', 2));
    expect(statuses('DANCE')).toEqual([405]);
    expect(last('DANCE').headers.get('Allow')).toContain('INVITE');
  });

  test('a re-INVITE is answered by onOffer, its 200 repeated until its ACK', async () => {
    const { dialog, ok } = await talking();
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
    const { dialog, ok } = await talking();
    const answers: string[] = [];
    dialog.onAnswer = (sdp) => answers.push(sdp);
    await send(peer.within(ok, 'INVITE', 2));
    expect(last().body.toString()).toBe(ANSWER);
    await send(peer.within(ok, 'ACK', 2, {}, 'v=0\r\n'));
    expect(answers).toEqual(['v=0\r\n']);
  });

  test('a change that is refused with a Failure is a 488, with another error a 500, and the call goes on', async () => {
    const { dialog, ok } = await talking();
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
    const { dialog, ok } = await talking();
    dialog.onOffer = () => new Promise(() => {});
    await send(peer.within(ok, 'INVITE', 2, {}, OFFER));
    await send(peer.within(ok, 'UPDATE', 3, {}, OFFER));
    expect(last('UPDATE').status).toBe(500);
    expect(last('UPDATE').headers.get('Retry-After')).toMatch(/^\d+$/);
    await send(peer.within(ok, 'BYE', 4));
    expect(last('INVITE').status).toBe(487);
  });

  test('a new Contact in a re-INVITE is where our BYE goes', async () => {
    const { dialog, ok } = await talking();
    dialog.onOffer = () => ANSWER;
    await send(peer.within(ok, 'INVITE', 2, { Contact: '<sip:moved@10.0.0.9>' }, OFFER));
    await send(peer.within(ok, 'ACK', 2));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:moved@10.0.0.9');
    expect(cseqOf(peer.requests('BYE')[0]!).method).toBe('BYE');
  });

  test('BYEs that cross are both answered with 200', async () => {
    const { dialog, ok } = await talking();
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
    const { dialog, ok } = await talking();
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
    const { dialog } = await talking({ 'Record-Route': '<sip:10.0.0.9;lr>, <sip:10.0.0.8;lr>' });
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.headers.all('Route')).toEqual(['<sip:10.0.0.9;lr>', '<sip:10.0.0.8;lr>']);
  });

  test('a side that no longer knows the call has ended it', async () => {
    const { dialog } = await talking();
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
    const { dialog, ok } = await answered(asked('uac'));
    expect(ok.headers.get('Session-Expires')).toBe('100;refresher=uac');
    expect(ok.headers.get('Require')).toBe('timer');
    await send(peer.within(ok, 'ACK', 1));
    await wait(60_000);
    await send(peer.within(ok, 'UPDATE', 2, asked('uac')));
    expect(last('UPDATE').headers.get('Session-Expires')).toBe('100;refresher=uac');
    await wait(69_000);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('when we are to refresh, we do at half time, by UPDATE where the caller takes it', async () => {
    const { ok } = await answered({ ...asked('uas'), Allow: 'INVITE, UPDATE' });
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
    const { ok } = await answered(asked('uas'));
    await send(peer.within(ok, 'ACK', 1));
    await wait(50_000);
    expect(peer.requests('INVITE')[0]!.body.toString()).toBe(ANSWER);
  });
});

describe('a hostile caller', () => {
  test('without a Contact that can be called back is refused', async () => {
    await invite({ Contact: '<mailto:peer@example.com>' });
    expect(peer.received.at(-1)).toMatchObject({ kind: 'response', status: 400 });
    expect(both.invites).toHaveLength(0);
  });

  test('with a route that leads nowhere gets its call, which ends all the same', async () => {
    const { dialog, ok } = await answered({ 'Record-Route': '<mailto:nobody@example.com>' });
    await send(peer.within(ok, 'ACK', 1));
    await dialog.bye();
    expect(peer.log).not.toContain('BYE');
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that asks for a session timer of thirty years is not hung up on at once', async () => {
    const { dialog, ok } = await answered({ Supported: 'timer', 'Session-Expires': '999999999' });
    await send(peer.within(ok, 'ACK', 1));
    await wait(100_000);
    expect(dialog.phase).toBe('confirmed');
  });

  test('that changes its Contact to nonsense is still reached where it was', async () => {
    const { dialog, ok } = await answered();
    await send(peer.within(ok, 'ACK', 1));
    dialog.onOffer = () => ANSWER;
    await send(peer.within(ok, 'UPDATE', 2, { Contact: '<nonsense>' }, OFFER));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:peer@10.0.0.9');
  });
});
