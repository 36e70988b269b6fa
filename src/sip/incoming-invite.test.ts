import { beforeEach, describe, expect, test } from 'vitest';
import type { SipRequest, SipResponse } from './message/index.ts';
import { ANSWER, leftovers, NOTHING, OFFER, type Pair } from './testing/pair.ts';
import type { Peer } from './testing/peer.ts';
import { Scene } from './testing/scene.ts';

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

describe('a call that comes in', () => {
  test('is answered with everything the caller needs: tag, Contact, Allow, Supported and our description', async () => {
    await scene.answered();
    const ok = last();
    expect(ok.status).toBe(200);
    expect(ok.headers.get('To')).toMatch(/;tag=[0-9a-f]{16}$/);
    expect(ok.headers.get('Contact')).toBe('<sip:bob@10.0.0.2:5060>');
    expect(ok.headers.get('Allow')).toContain('UPDATE');
    expect(ok.headers.get('Supported')).toBe('100rel, timer');
    expect(ok.body.toString()).toBe(ANSWER);
  });

  test('whose caller never sends an ACK gets the 200 again and again, then BYE, and is over', async () => {
    const { dialog } = await scene.answered();
    await wait(32_100);
    expect(peer.log.filter((each) => each === '200 INVITE')).toHaveLength(11);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that is hung up by us before the ACK says BYE only after it', async () => {
    const { dialog, ok } = await scene.answered();
    void dialog.bye();
    await wait(300);
    expect(peer.log).not.toContain('BYE');
    await send(peer.within(ok, 'ACK', 1));
    expect(peer.log.at(-1)).toBe('BYE');
  });

  test('that is repeated for ever is still one call', async () => {
    const request = await scene.invite();
    for (let times = 0; times < 20; times++) peer.send(request);
    await wait(100);
    expect(both.invites).toHaveLength(1);
    scene.invited.reject(486);
    await wait(20);
    for (let times = 0; times < 20; times++) peer.send(request);
    expect(await leftovers(both)).toEqual(NOTHING);
    expect(both.invites).toHaveLength(1);
  });

  test('whose INVITE is said again when its transaction is forgotten is still one call, which goes on', async () => {
    const { dialog, ok } = await scene.answered();
    await send(peer.within(ok, 'ACK', 1));
    await wait(33_000);
    await send(both.invites[0]!.request);
    expect(last('INVITE').status).toBe(482);
    expect(both.invites).toHaveLength(1);
    expect(dialog.phase).toBe('confirmed');
    void dialog.bye();
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that comes over two ways is refused on the second with 482', async () => {
    await scene.invite();
    await send(peer.request('INVITE', {}, OFFER));
    expect(last().status).toBe(482);
    expect(both.invites).toHaveLength(1);
  });

  test('makes an error of whoever takes it a 500', async () => {
    both.bob.onInvite = () => {
      throw new Error('a defect');
    };
    await scene.invite();
    expect(last().status).toBe(500);
  });

  test.each([
    [{ 'Max-Forwards': '0' }, 483, undefined],
    [{ 'Content-Type': 'text/plain' }, 415, ['Accept', 'application/sdp']],
    [{ Require: 'siprec, 100rel' }, 420, ['Unsupported', 'siprec']],
    [{ Supported: 'timer', 'Session-Expires': '60' }, 422, ['Min-SE', '90']],
  ] as const)('with %o is refused with %i', async (headers, status, field) => {
    await scene.invite(headers as Record<string, string>);
    expect(last().status).toBe(status);
    if (field) expect(last().headers.get(field[0])).toBe(field[1]);
    expect(both.invites).toHaveLength(0);
  });

  test('is refused by the gate as it says, before anything else', async () => {
    both.bob.gate = () => ({ status: 503, headers: [['Retry-After', '7']] });
    await scene.invite();
    expect(last().status).toBe(503);
    expect(last().headers.get('Retry-After')).toBe('7');
  });

  test('that the gate refuses leaves nothing behind, and is refused alike when it is sent again', async () => {
    both.bob.gate = () => ({ status: 503 });
    const request = await scene.invite();
    const first = last();
    await send(request);
    expect(last()).not.toBe(first);
    expect(last().headers.get('To')).toBe(first.headers.get('To'));
    expect(both.bob.counters.open).toEqual({ transactions: 0, dialogs: 0, invites: 0 });
  });
});

describe('CANCEL', () => {
  const cancel = (request: SipRequest) => {
    const headers = { Via: request.headers.get('Via')!, CSeq: '1 CANCEL' };
    return peer.request('CANCEL', headers);
  };

  test('while it rings is answered with 200, and the INVITE with 487', async () => {
    const request = await scene.invite();
    scene.invited.progress(180);
    await send(cancel(request));
    expect(statuses('CANCEL')).toEqual([200]);
    expect(last().status).toBe(487);
    expect(await scene.invited.canceled).toBe('The caller hung up');
    expect(scene.invited.pending).toBe(false);
    await expect(scene.invited.accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('that crosses our 200 changes nothing: the call stands', async () => {
    const request = await scene.invite();
    const dialog = await scene.invited.accept(ANSWER);
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
    await scene.invite({}, '');
    expect(scene.invited.offer).toBeUndefined();
    const dialog = await scene.invited.accept(OFFER);
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
    await scene.invite({ Require: '100rel' });
    scene.invited.progress(180);
    await wait(1600);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
    expect(last().headers.get('Require')).toBe('100rel');
    await send(peer.within(last(), 'PRACK', 2, rack(last())));
    expect(statuses('PRACK')).toEqual([200]);
    await wait(10_000);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
  });

  test('are used for a description when the caller only supports them, not for a bare 180', async () => {
    await scene.invite({ Supported: '100rel' });
    scene.invited.progress(180);
    scene.invited.progress(183, { sdp: ANSWER });
    await wait(20);
    const [ringing, progress] = peer.responses('INVITE');
    expect(ringing!.headers.has('RSeq')).toBe(false);
    expect(progress!.headers.has('RSeq')).toBe(true);
  });

  test('go out one at a time, numbered in order', async () => {
    await scene.invite({ Require: '100rel' });
    scene.invited.progress(180);
    scene.invited.progress(183, { sdp: ANSWER });
    await wait(20);
    expect(statuses('INVITE')).toEqual([180]);
    const first = last();
    await send(peer.within(first, 'PRACK', 2, rack(first)));
    expect(statuses('INVITE')).toEqual([180, 183]);
    expect(Number(last().headers.get('RSeq'))).toBe(Number(first.headers.get('RSeq')) + 1);
  });

  test('hold the 200 back until the description in them is acknowledged', async () => {
    await scene.invite({ Require: '100rel' });
    scene.invited.progress(183, { sdp: ANSWER });
    const accepted = scene.invited.accept(ANSWER);
    await wait(20);
    expect(statuses('INVITE')).toEqual([183]);
    await send(peer.within(last(), 'PRACK', 2, rack(last())));
    expect(statuses('INVITE')).toEqual([183, 200]);
    expect((await accepted).phase).toBe('confirmed');
  });

  test('that nobody acknowledges end the call with 504', async () => {
    await scene.invite({ Require: '100rel' });
    scene.invited.progress(180);
    await wait(32_100);
    expect(last().status).toBe(504);
    await expect(scene.invited.accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('a PRACK for something else is answered with 481', async () => {
    await scene.invite({ Require: '100rel' });
    scene.invited.progress(180);
    await wait(20);
    await send(peer.within(last(), 'PRACK', 2, { RAck: '1 7 INVITE' }));
    expect(statuses('PRACK')).toEqual([481]);
  });

  test('carry our offer to a caller without one, whose PRACK brings the answer; the 200 has no body then', async () => {
    await scene.invite({ Require: '100rel' }, '');
    const answers: string[] = [];
    scene.invited.progress(183, { sdp: OFFER });
    scene.invited.dialog.onAnswer = (sdp) => answers.push(sdp);
    await wait(20);
    await send(peer.within(last(), 'PRACK', 2, rack(last()), ANSWER));
    expect(answers).toEqual([ANSWER]);
    await scene.invited.accept(OFFER);
    await wait(20);
    expect(last().status).toBe(200);
    expect(last().body).toHaveLength(0);
  });
});

describe('a hostile caller', () => {
  test('without a Contact that can be called back is refused', async () => {
    await scene.invite({ Contact: '<mailto:peer@example.com>' });
    expect(peer.received.at(-1)).toMatchObject({ kind: 'response', status: 400 });
    expect(both.invites).toHaveLength(0);
  });

  test.each([
    { 'Record-Route': '<sip:nobody.invalid;lr>' },
    { Contact: '<sip:peer@nobody.invalid>' },
    { Contact: '<sip:peer@0.0.0.0;;ob;>' },
  ])('with %o gets its BYE where its INVITE came from', async (headers) => {
    const { dialog, ok } = await scene.answered({ ...headers } as Record<string, string>);
    await send(peer.within(ok, 'ACK', 1));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')).toHaveLength(1);
  });

  test('that asks for a session timer of thirty years is not hung up on at once', async () => {
    const { dialog, ok } = await scene.answered({ Supported: 'timer', 'Session-Expires': '999999999' });
    await send(peer.within(ok, 'ACK', 1));
    await wait(100_000);
    expect(dialog.phase).toBe('confirmed');
  });

  test.each(['3600;refresher=x 5', '3600 ; refresher = UAC ;later'])(
    'is answered with the interval of Session-Expires: %s, whatever stands behind it',
    async (expires) => {
      const { ok } = await scene.answered({ Supported: 'timer', 'Session-Expires': expires });
      expect(ok.headers.get('Session-Expires')).toBe('3600;refresher=uac');
    },
  );

  test('that changes its Contact to nonsense is still reached where it was', async () => {
    const { dialog, ok } = await scene.answered();
    await send(peer.within(ok, 'ACK', 1));
    dialog.onOffer = () => ANSWER;
    await send(peer.within(ok, 'UPDATE', 2, { Contact: '<nonsense>' }, OFFER));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:peer@10.0.0.9');
  });
});
