import { beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import type { SipResponse } from './message/index.ts';
import type { Provisional } from './outgoing-invite.ts';
import { UacHarness, UasHarness } from './testing/harness.ts';
import { ANSWER, NONE_OPEN, OFFER, openResources } from './testing/pair.ts';

const CHANGED = OFFER.replace('1 1 IN', '1 2 IN');
const OURS = ANSWER.replace('2 1 IN', '2 2 IN');

describe('a callee before its answer', () => {
  let uac: UacHarness;
  beforeEach(async () => {
    uac = await UacHarness.open();
  });
  const reliable = (rseq: number) => ({ Require: '100rel', RSeq: String(rseq) });

  /** A pending call whose early dialog accepts every change. */
  async function ringing() {
    const { outgoing, invite } = await uac.startCall();
    const provisionals: Provisional[] = [];
    outgoing.provisional.on((provisional) => {
      provisionals.push(provisional);
      if (provisional.dialog) provisional.dialog.onOffer ??= () => OURS;
    });
    return { outgoing, invite, provisionals };
  }

  test.each<[string, Record<string, string>]>([
    ['a reliable one', reliable(1)],
    ['a plain one', {}],
    ['one whose RSeq cannot be read', { Require: '100rel', RSeq: 'x' }],
  ])('changes the session by UPDATE after a 183 with its answer: %s', async (_what, headers) => {
    const { outgoing, invite } = await ringing();
    await uac.respond(invite, 183, 'x', headers, ANSWER);
    await uac.sendInDialog(invite, 'UPDATE', 1, CHANGED);
    expect(uac.peer.responses('UPDATE').at(-1)).toMatchObject({ status: 200 });
    expect(uac.peer.responses('UPDATE').at(-1)!.body.toString()).toBe(OURS);
    await uac.respond(invite, 200, 'x', {}, ANSWER);
    const result = await outgoing.result;
    expect(result).toMatchObject({ kind: 'accepted', answer: ANSWER });
  });

  test('cannot change the session before it has answered our offer: 491 (RFC 3311 §5.2)', async () => {
    const { invite } = await ringing();
    await uac.respond(invite, 183, 'x', reliable(1));
    await uac.sendInDialog(invite, 'UPDATE', 1, CHANGED);
    expect(uac.peer.responses('UPDATE').at(-1)).toMatchObject({ status: 491 });
  });

  test('cannot send an INVITE while ours is in progress: 491 (RFC 3261 §14.2)', async () => {
    const { invite } = await ringing();
    await uac.respond(invite, 183, 'x', reliable(1), ANSWER);
    await uac.sendInDialog(invite, 'INVITE', 1, CHANGED);
    expect(uac.peer.responses('INVITE').at(-1)).toMatchObject({ status: 491 });
  });

  test('sends 180 and 183, with and without a description, in any order', async () => {
    const { outgoing, invite, provisionals } = await ringing();
    await uac.respond(invite, 183, 'x', reliable(1));
    await uac.respond(invite, 180, 'x', {});
    await uac.respond(invite, 183, 'x', reliable(2), ANSWER);
    await uac.respond(invite, 183, 'x', reliable(2), ANSWER);
    await uac.respond(invite, 183, 'x', {});
    await uac.respond(invite, 183, 'x', {}, OURS);
    await uac.respond(invite, 180, 'x', { Require: '100rel' });
    expect(provisionals.map(({ status, sdp }) => [status, sdp])).toEqual([
      [183, undefined],
      [180, undefined],
      [183, ANSWER],
      [183, undefined],
      [183, OURS],
      [180, undefined],
    ]);
    expect(uac.peer.requests('PRACK').map((each) => each.headers.get('RAck'))).toEqual([
      '1 1 INVITE',
      '2 1 INVITE',
    ]);
    await uac.respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: OURS });
  });

  test('gets a BYE with the reason for a 200 without any answer', async () => {
    const { outgoing, invite } = await ringing();
    await uac.respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 488 });
    await uac.wait(10);
    const bye = uac.peer.requests('BYE')[0]!;
    expect(bye.headers.get('Reason')).toBe('SIP;cause=488;text="The 200 had no answer in it"');
  });
});

describe('a caller before our answer', () => {
  let uas: UasHarness;
  beforeEach(async () => {
    uas = await UasHarness.open();
  });
  const rack = (response: SipResponse) => ({ RAck: `${response.headers.get('RSeq')} 1 INVITE` });
  const send = (...parts: Parameters<UasHarness['peer']['inDialog']>) =>
    uas.send(uas.peer.inDialog(...parts));

  /** A call whose reliable 180 has been sent. */
  async function ringing(body: string, sdp?: string): Promise<SipResponse> {
    await uas.invite({ Require: '100rel' }, body);
    expect(uas.lastInvite.requiresReliable).toBe(true);
    uas.lastInvite.dialog.onOffer = () => OURS;
    uas.lastInvite.progress(180, { sdp });
    await uas.wait(20);
    return uas.lastResponse();
  }

  test('makes an offer in the PRACK of a response without description, and gets our answer', async () => {
    const response = await ringing(OFFER);
    await send(response, 'PRACK', 2, rack(response), CHANGED);
    expect(uas.lastResponse('PRACK')).toMatchObject({ status: 200 });
    expect(uas.lastResponse('PRACK').body.toString()).toBe(OURS);
    await uas.lastInvite.accept(OURS);
    await uas.wait(20);
    expect(uas.lastResponse()).toMatchObject({ status: 200 });
  });

  test('makes an offer in the PRACK of our answer, and in an UPDATE after it', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response), CHANGED);
    expect(uas.lastResponse('PRACK').body.toString()).toBe(OURS);
    await send(response, 'UPDATE', 3, {}, CHANGED);
    expect(uas.lastResponse('UPDATE')).toMatchObject({ status: 200 });
    expect(uas.lastResponse('UPDATE').body.toString()).toBe(OURS);
  });

  test('gets 500 with Retry-After for an UPDATE while its offer has no answer (RFC 3311 §5.2)', async () => {
    const response = await ringing(OFFER);
    await send(response, 'UPDATE', 2, {}, CHANGED);
    expect(uas.lastResponse('UPDATE')).toMatchObject({ status: 500 });
    expect(uas.lastResponse('UPDATE').headers.has('Retry-After')).toBe(true);
  });

  test('gets 500 with Retry-After for another INVITE (RFC 3261 §14.2)', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response));
    await send(response, 'INVITE', 3, {}, CHANGED);
    expect(uas.lastResponse()).toMatchObject({ status: 500 });
    expect(uas.lastResponse().headers.has('Retry-After')).toBe(true);
  });

  test('gets a refusal with the reason for an unusable change', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response));
    uas.lastInvite.dialog.onOffer = () => {
      throw new Failure('not_acceptable', 'None of the codecs is ours');
    };
    await send(response, 'UPDATE', 3, {}, CHANGED);
    expect(uas.lastResponse('UPDATE')).toMatchObject({ status: 488 });
    expect(uas.lastResponse('UPDATE').headers.get('Warning')).toContain('None of the codecs is ours');
  });

  test('is refused with 488 if its PRACK brings an unusable answer', async () => {
    const response = await ringing('', OFFER);
    uas.lastInvite.dialog.onAnswer = () => {
      throw new Failure('not_acceptable', 'None of the codecs is ours');
    };
    await send(response, 'PRACK', 2, rack(response), ANSWER);
    expect(uas.lastResponse('PRACK')).toMatchObject({ status: 200 });
    expect(uas.lastResponse()).toMatchObject({ status: 488 });
    expect(uas.lastResponse().headers.get('Warning')).toContain('None of the codecs is ours');
    await send(uas.lastResponse(), 'ACK', 1);
    expect(await openResources(uas.pair)).toEqual(NONE_OPEN);
  });
});

describe('the ACK of a 200 with our offer', () => {
  let uas: UasHarness;
  beforeEach(async () => {
    uas = await UasHarness.open();
  });

  async function acknowledged(headers: Record<string, string>, body: string) {
    await uas.invite({}, '');
    const dialog = await uas.lastInvite.accept(OFFER);
    dialog.onAnswer = (sdp) => {
      if (sdp !== ANSWER) throw new Failure('not_acceptable', 'None of the "codecs" is ours\r\n');
    };
    await uas.wait(20);
    await uas.send(uas.peer.inDialog(uas.lastResponse(), 'ACK', 1, headers, body));
    await uas.wait(20);
    return dialog;
  }

  test.each<[string, Record<string, string>, string, string]>([
    ['no body', {}, '', 'The ACK has no answer to our offer'],
    ['an answer that cannot be used', {}, CHANGED, "None of the 'codecs' is ours''"],
    ['garbage', {}, 'garbage', "None of the 'codecs' is ours''"],
    ['another body', { 'Content-Type': 'text/plain' }, 'hello', 'The ACK has no answer to our offer'],
  ])('without a usable answer is followed by BYE: %s', async (_what, headers, body, text) => {
    const dialog = await acknowledged(headers, body);
    expect(await dialog.ended).toMatchObject({ by: 'fault', code: 'no_usable_answer' });
    const bye = uas.peer.requests('BYE')[0]!;
    expect(bye.headers.get('Reason')).toBe(`SIP;cause=488;text="${text}"`);
    uas.peer.send(uas.peer.response(bye, 200));
    expect(await openResources(uas.pair)).toEqual(NONE_OPEN);
  });

  test('with an answer continues the call, even if the ACK of a later re-INVITE has none', async () => {
    const dialog = await acknowledged({}, ANSWER);
    dialog.onOffer = () => OFFER;
    await uas.send(uas.peer.inDialog(uas.lastResponse(), 'INVITE', 2));
    await uas.send(uas.peer.inDialog(uas.lastResponse(), 'ACK', 2));
    expect(dialog.phase).toBe('confirmed');
    expect(uas.peer.requests('BYE')).toEqual([]);
  });

  test('of a re-INVITE with an unusable answer is followed by BYE', async () => {
    const dialog = await acknowledged({}, ANSWER);
    dialog.onOffer = () => OFFER;
    await uas.send(uas.peer.inDialog(uas.lastResponse(), 'INVITE', 2));
    await uas.send(uas.peer.inDialog(uas.lastResponse(), 'ACK', 2, {}, CHANGED));
    expect(await dialog.ended).toMatchObject({ by: 'fault', code: 'no_usable_answer' });
  });
});
