import { beforeEach, describe, expect, test } from 'vitest';
import type { SipRequest, SipResponse } from './message/index.ts';
import { UasHarness } from './testing/harness.ts';
import { ANSWER, NONE_OPEN, OFFER, openResources, type Pair } from './testing/pair.ts';
import type { Peer } from './testing/peer.ts';

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

describe('an incoming call', () => {
  test('is accepted with tag, Contact, Allow, Supported and our description', async () => {
    await uas.acceptCall();
    const ok = last();
    expect(ok.status).toBe(200);
    expect(ok.headers.get('To')).toMatch(/;tag=[0-9a-f]{16}$/);
    expect(ok.headers.get('Contact')).toBe('<sip:bob@10.0.0.2:5060>');
    expect(ok.headers.get('Allow')).toContain('UPDATE');
    expect(ok.headers.get('Supported')).toBe('100rel, timer');
    expect(ok.body.toString()).toBe(ANSWER);
  });

  test('without ACK gets retransmissions of the 200, then BYE, and ends', async () => {
    const { dialog } = await uas.acceptCall();
    await wait(32_100);
    expect(peer.log.filter((each) => each === '200 INVITE')).toHaveLength(11);
    expect(peer.log.at(-1)).toBe('BYE');
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('that we hang up before the ACK gets the BYE after it', async () => {
    const { dialog, ok } = await uas.acceptCall();
    void dialog.bye();
    await wait(300);
    expect(peer.log).not.toContain('BYE');
    await send(peer.inDialog(ok, 'ACK', 1));
    expect(peer.log.at(-1)).toBe('BYE');
  });

  test('remains one call if its INVITE is retransmitted forever', async () => {
    const request = await uas.invite();
    for (let times = 0; times < 20; times++) peer.send(request);
    await wait(100);
    expect(pair.invites).toHaveLength(1);
    uas.lastInvite.reject(486);
    await wait(20);
    for (let times = 0; times < 20; times++) peer.send(request);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
    expect(pair.invites).toHaveLength(1);
  });

  test('remains one call if its INVITE is repeated after its transaction has ended', async () => {
    const { dialog, ok } = await uas.acceptCall();
    await send(peer.inDialog(ok, 'ACK', 1));
    await wait(33_000);
    await send(pair.invites[0]!.request);
    expect(last('INVITE').status).toBe(482);
    expect(pair.invites).toHaveLength(1);
    expect(dialog.phase).toBe('confirmed');
    void dialog.bye();
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('that arrives over two paths is refused on the second with 482', async () => {
    await uas.invite();
    await send(peer.request('INVITE', {}, OFFER));
    expect(last().status).toBe(482);
    expect(pair.invites).toHaveLength(1);
  });

  test('is answered with 500 if its handler throws', async () => {
    pair.bob.onInvite = () => {
      throw new Error('a defect');
    };
    await uas.invite();
    expect(last().status).toBe(500);
  });

  test.each([
    [{ 'Max-Forwards': '0' }, 483, undefined],
    [{ 'Content-Type': 'text/plain' }, 415, ['Accept', 'application/sdp']],
    [{ Require: 'siprec, 100rel' }, 420, ['Unsupported', 'siprec']],
    [{ Supported: 'timer', 'Session-Expires': '60' }, 422, ['Min-SE', '90']],
  ] as const)('with %o is refused with %i', async (headers, status, field) => {
    await uas.invite(headers as Record<string, string>);
    expect(last().status).toBe(status);
    if (field) expect(last().headers.get(field[0])).toBe(field[1]);
    expect(pair.invites).toHaveLength(0);
  });

  test('is refused by screening with the reply that it returns, before any other check', async () => {
    pair.bob.screenRequest = () => ({ status: 503, headers: [['Retry-After', '7']] });
    await uas.invite();
    expect(last().status).toBe(503);
    expect(last().headers.get('Retry-After')).toBe('7');
  });

  test('that screening refuses leaves no state, and its retransmission gets the same response', async () => {
    pair.bob.screenRequest = () => ({ status: 503 });
    const request = await uas.invite();
    const first = last();
    await send(request);
    expect(last()).not.toBe(first);
    expect(last().headers.get('To')).toBe(first.headers.get('To'));
    expect(pair.bob.counters.open).toEqual({ transactions: 0, dialogs: 0, invites: 0 });
  });
});

describe('CANCEL', () => {
  const cancel = (request: SipRequest) => {
    const headers = { Via: request.headers.get('Via')!, CSeq: '1 CANCEL' };
    return peer.request('CANCEL', headers);
  };

  test('during ringing is answered with 200, and the INVITE with 487', async () => {
    const request = await uas.invite();
    uas.lastInvite.progress(180);
    await send(cancel(request));
    expect(statuses('CANCEL')).toEqual([200]);
    expect(last().status).toBe(487);
    expect(await uas.lastInvite.canceled).toBe('The caller hung up');
    expect(uas.lastInvite.pending).toBe(false);
    await expect(uas.lastInvite.accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('that crosses our 200 does not affect the call', async () => {
    const request = await uas.invite();
    const dialog = await uas.lastInvite.accept(ANSWER);
    await send(cancel(request));
    expect(statuses('CANCEL')).toEqual([200]);
    expect(statuses('INVITE')).toEqual([200]);
    expect(dialog.phase).toBe('confirmed');
  });

  test('without INVITE is answered with 481', async () => {
    await send(peer.request('CANCEL'));
    expect(statuses('CANCEL')).toEqual([481]);
  });
});

describe('an early offer-less INVITE', () => {
  test('is answered with our offer, and the ACK brings the answer', async () => {
    await uas.invite({}, '');
    expect(uas.lastInvite.offer).toBeUndefined();
    const dialog = await uas.lastInvite.accept(OFFER);
    const answers: string[] = [];
    dialog.onAnswer = (sdp) => answers.push(sdp);
    await wait(20);
    expect(last().body.toString()).toBe(OFFER);
    await send(peer.inDialog(last(), 'ACK', 1, {}, ANSWER));
    await send(peer.inDialog(last(), 'ACK', 1, {}, ANSWER));
    expect(answers).toEqual([ANSWER]);
  });
});

describe('reliable provisional responses (RFC 3262)', () => {
  const rack = (response: SipResponse) => ({ RAck: `${response.headers.get('RSeq')} 1 INVITE` });

  test('are used for 180 if the caller requires them, and retransmitted until the PRACK', async () => {
    await uas.invite({ Require: '100rel' });
    uas.lastInvite.progress(180);
    await wait(1600);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
    expect(last().headers.get('Require')).toBe('100rel');
    await send(peer.inDialog(last(), 'PRACK', 2, rack(last())));
    expect(statuses('PRACK')).toEqual([200]);
    await wait(10_000);
    expect(statuses('INVITE')).toEqual([180, 180, 180]);
  });

  test('are used for a description, but not for a bare 180, if the caller only supports them', async () => {
    await uas.invite({ Supported: '100rel' });
    uas.lastInvite.progress(180);
    uas.lastInvite.progress(183, { sdp: ANSWER });
    await wait(20);
    const [ringing, progress] = peer.responses('INVITE');
    expect(ringing!.headers.has('RSeq')).toBe(false);
    expect(progress!.headers.has('RSeq')).toBe(true);
  });

  test('are sent one at a time, with consecutive RSeq', async () => {
    await uas.invite({ Require: '100rel' });
    uas.lastInvite.progress(180);
    uas.lastInvite.progress(183, { sdp: ANSWER });
    await wait(20);
    expect(statuses('INVITE')).toEqual([180]);
    const first = last();
    await send(peer.inDialog(first, 'PRACK', 2, rack(first)));
    expect(statuses('INVITE')).toEqual([180, 183]);
    expect(Number(last().headers.get('RSeq'))).toBe(Number(first.headers.get('RSeq')) + 1);
  });

  test('delay the 200 until their description is acknowledged', async () => {
    await uas.invite({ Require: '100rel' });
    uas.lastInvite.progress(183, { sdp: ANSWER });
    const accepted = uas.lastInvite.accept(ANSWER);
    await wait(20);
    expect(statuses('INVITE')).toEqual([183]);
    await send(peer.inDialog(last(), 'PRACK', 2, rack(last())));
    expect(statuses('INVITE')).toEqual([183, 200]);
    expect((await accepted).phase).toBe('confirmed');
  });

  test('without PRACK end the call with 504', async () => {
    await uas.invite({ Require: '100rel' });
    uas.lastInvite.progress(180);
    await wait(32_100);
    expect(last().status).toBe(504);
    await expect(uas.lastInvite.accept(ANSWER)).rejects.toMatchObject({ code: 'call_ended' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('answer a PRACK for another response with 481', async () => {
    await uas.invite({ Require: '100rel' });
    uas.lastInvite.progress(180);
    await wait(20);
    await send(peer.inDialog(last(), 'PRACK', 2, { RAck: '1 7 INVITE' }));
    expect(statuses('PRACK')).toEqual([481]);
  });

  test('carry our offer if the INVITE has none; the PRACK brings the answer, and the 200 has no body', async () => {
    await uas.invite({ Require: '100rel' }, '');
    const answers: string[] = [];
    uas.lastInvite.progress(183, { sdp: OFFER });
    uas.lastInvite.dialog.onAnswer = (sdp) => answers.push(sdp);
    await wait(20);
    await send(peer.inDialog(last(), 'PRACK', 2, rack(last()), ANSWER));
    expect(answers).toEqual([ANSWER]);
    await uas.lastInvite.accept(OFFER);
    await wait(20);
    expect(last().status).toBe(200);
    expect(last().body).toHaveLength(0);
  });
});

describe('a hostile caller', () => {
  test('without a usable Contact is refused', async () => {
    await uas.invite({ Contact: '<mailto:peer@example.com>' });
    expect(peer.received.at(-1)).toMatchObject({ kind: 'response', status: 400 });
    expect(pair.invites).toHaveLength(0);
  });

  test.each([
    { 'Record-Route': '<sip:nobody.invalid;lr>' },
    { Contact: '<sip:peer@nobody.invalid>' },
    { Contact: '<sip:peer@0.0.0.0;;ob;>' },
  ])('with %o gets its BYE at the source of its INVITE', async (headers) => {
    const { dialog, ok } = await uas.acceptCall({ ...headers } as Record<string, string>);
    await send(peer.inDialog(ok, 'ACK', 1));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')).toHaveLength(1);
  });

  test('that requests a session timer of thirty years is not hung up immediately', async () => {
    const { dialog, ok } = await uas.acceptCall({ Supported: 'timer', 'Session-Expires': '999999999' });
    await send(peer.inDialog(ok, 'ACK', 1));
    await wait(100_000);
    expect(dialog.phase).toBe('confirmed');
  });

  test.each(['3600;refresher=x 5', '3600 ; refresher = UAC ;later'])(
    'is answered with the interval of Session-Expires: %s, whatever stands behind it',
    async (expires) => {
      const { ok } = await uas.acceptCall({ Supported: 'timer', 'Session-Expires': expires });
      expect(ok.headers.get('Session-Expires')).toBe('3600;refresher=uac');
    },
  );

  test('that changes its Contact to an invalid one is still reached at the previous one', async () => {
    const { dialog, ok } = await uas.acceptCall();
    await send(peer.inDialog(ok, 'ACK', 1));
    dialog.onOffer = () => ANSWER;
    await send(peer.inDialog(ok, 'UPDATE', 2, { Contact: '<nonsense>' }, OFFER));
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:peer@10.0.0.9');
  });
});
