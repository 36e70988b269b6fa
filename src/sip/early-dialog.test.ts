import { beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import type { SipResponse } from './message/index.ts';
import type { Provisional } from './outgoing-invite.ts';
import { Callee } from './testing/callee.ts';
import { ANSWER, leftovers, NOTHING, OFFER } from './testing/pair.ts';
import { Scene } from './testing/scene.ts';

const CHANGED = OFFER.replace('1 1 IN', '1 2 IN');
const OURS = ANSWER.replace('2 1 IN', '2 2 IN');

describe('a callee before its answer', () => {
  let callee: Callee;
  beforeEach(async () => {
    callee = await Callee.open();
  });
  const reliable = (rseq: number) => ({ Require: '100rel', RSeq: String(rseq) });

  /** A call on its way; its early dialog takes every change. */
  async function ringing() {
    const { outgoing, invite } = await callee.ringing();
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
    await callee.respond(invite, 183, 'x', headers, ANSWER);
    await callee.ask(invite, 'UPDATE', 1, CHANGED);
    expect(callee.peer.responses('UPDATE').at(-1)).toMatchObject({ status: 200 });
    expect(callee.peer.responses('UPDATE').at(-1)!.body.toString()).toBe(OURS);
    await callee.respond(invite, 200, 'x', {}, ANSWER);
    const result = await outgoing.result;
    expect(result).toMatchObject({ kind: 'accepted', answer: ANSWER });
  });

  test('cannot change what it has not answered: 491 (RFC 3311 §5.2)', async () => {
    const { invite } = await ringing();
    await callee.respond(invite, 183, 'x', reliable(1));
    await callee.ask(invite, 'UPDATE', 1, CHANGED);
    expect(callee.peer.responses('UPDATE').at(-1)).toMatchObject({ status: 491 });
  });

  test('cannot send an INVITE while ours is under way: 491 (RFC 3261 §14.2)', async () => {
    const { invite } = await ringing();
    await callee.respond(invite, 183, 'x', reliable(1), ANSWER);
    await callee.ask(invite, 'INVITE', 1, CHANGED);
    expect(callee.peer.responses('INVITE').at(-1)).toMatchObject({ status: 491 });
  });

  test('sends 180 and 183, with and without a description, in any order', async () => {
    const { outgoing, invite, provisionals } = await ringing();
    await callee.respond(invite, 183, 'x', reliable(1));
    await callee.respond(invite, 180, 'x', {});
    await callee.respond(invite, 183, 'x', reliable(2), ANSWER);
    await callee.respond(invite, 183, 'x', reliable(2), ANSWER);
    await callee.respond(invite, 183, 'x', {});
    await callee.respond(invite, 183, 'x', {}, OURS);
    await callee.respond(invite, 180, 'x', { Require: '100rel' });
    expect(provisionals.map(({ status, sdp }) => [status, sdp])).toEqual([
      [183, undefined],
      [180, undefined],
      [183, ANSWER],
      [183, undefined],
      [183, OURS],
      [180, undefined],
    ]);
    expect(callee.peer.requests('PRACK').map((each) => each.headers.get('RAck'))).toEqual([
      '1 1 INVITE',
      '2 1 INVITE',
    ]);
    await callee.respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: OURS });
  });

  test('gets a BYE with the reason for a 200 without any answer', async () => {
    const { outgoing, invite } = await ringing();
    await callee.respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 488 });
    await callee.wait(10);
    const bye = callee.peer.requests('BYE')[0]!;
    expect(bye.headers.get('Reason')).toBe('SIP;cause=488;text="The 200 had no answer in it"');
  });
});

describe('a caller before our answer', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  const rack = (response: SipResponse) => ({ RAck: `${response.headers.get('RSeq')} 1 INVITE` });
  const send = (...parts: Parameters<Scene['peer']['within']>) => scene.send(scene.peer.within(...parts));

  /** A call whose reliable 180 has gone out. */
  async function ringing(body: string, sdp?: string): Promise<SipResponse> {
    await scene.invite({ Require: '100rel' }, body);
    expect(scene.invited.requiresReliable).toBe(true);
    scene.invited.dialog.onOffer = () => OURS;
    scene.invited.progress(180, { sdp });
    await scene.wait(20);
    return scene.last();
  }

  test('offers in the PRACK of a response without a description, and gets its answer', async () => {
    const response = await ringing(OFFER);
    await send(response, 'PRACK', 2, rack(response), CHANGED);
    expect(scene.last('PRACK')).toMatchObject({ status: 200 });
    expect(scene.last('PRACK').body.toString()).toBe(OURS);
    await scene.invited.accept(OURS);
    await scene.wait(20);
    expect(scene.last()).toMatchObject({ status: 200 });
  });

  test('offers in the PRACK of our answer, and in an UPDATE after it', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response), CHANGED);
    expect(scene.last('PRACK').body.toString()).toBe(OURS);
    await send(response, 'UPDATE', 3, {}, CHANGED);
    expect(scene.last('UPDATE')).toMatchObject({ status: 200 });
    expect(scene.last('UPDATE').body.toString()).toBe(OURS);
  });

  test('is told to wait with an UPDATE while its offer has no answer: 500 (RFC 3311 §5.2)', async () => {
    const response = await ringing(OFFER);
    await send(response, 'UPDATE', 2, {}, CHANGED);
    expect(scene.last('UPDATE')).toMatchObject({ status: 500 });
    expect(scene.last('UPDATE').headers.has('Retry-After')).toBe(true);
  });

  test('is told to wait with another INVITE: 500 (RFC 3261 §14.2)', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response));
    await send(response, 'INVITE', 3, {}, CHANGED);
    expect(scene.last()).toMatchObject({ status: 500 });
    expect(scene.last().headers.has('Retry-After')).toBe(true);
  });

  test('is refused a change that cannot be used, with the reason', async () => {
    const response = await ringing(OFFER, ANSWER);
    await send(response, 'PRACK', 2, rack(response));
    scene.invited.dialog.onOffer = () => {
      throw new Failure('not_acceptable', 'None of the codecs is ours');
    };
    await send(response, 'UPDATE', 3, {}, CHANGED);
    expect(scene.last('UPDATE')).toMatchObject({ status: 488 });
    expect(scene.last('UPDATE').headers.get('Warning')).toContain('None of the codecs is ours');
  });

  test('whose PRACK brings an answer that cannot be used is refused with 488', async () => {
    const response = await ringing('', OFFER);
    scene.invited.dialog.onAnswer = () => {
      throw new Failure('not_acceptable', 'None of the codecs is ours');
    };
    await send(response, 'PRACK', 2, rack(response), ANSWER);
    expect(scene.last('PRACK')).toMatchObject({ status: 200 });
    expect(scene.last()).toMatchObject({ status: 488 });
    expect(scene.last().headers.get('Warning')).toContain('None of the codecs is ours');
    await send(scene.last(), 'ACK', 1);
    expect(await leftovers(scene.both)).toEqual(NOTHING);
  });
});

describe('the ACK of a 200 with our offer', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });

  async function acknowledged(headers: Record<string, string>, body: string) {
    await scene.invite({}, '');
    const dialog = await scene.invited.accept(OFFER);
    dialog.onAnswer = (sdp) => {
      if (sdp !== ANSWER) throw new Failure('not_acceptable', 'None of the "codecs" is ours\r\n');
    };
    await scene.wait(20);
    await scene.send(scene.peer.within(scene.last(), 'ACK', 1, headers, body));
    await scene.wait(20);
    return dialog;
  }

  test.each<[string, Record<string, string>, string, string]>([
    ['no body', {}, '', 'The ACK has no answer to our offer'],
    ['an answer that cannot be used', {}, CHANGED, "None of the 'codecs' is ours''"],
    ['garbage', {}, 'garbage', "None of the 'codecs' is ours''"],
    ['another body', { 'Content-Type': 'text/plain' }, 'hello', 'The ACK has no answer to our offer'],
  ])('without an answer that can be used is followed by BYE: %s', async (_what, headers, body, text) => {
    const dialog = await acknowledged(headers, body);
    expect(await dialog.ended).toMatchObject({ by: 'fault', code: 'no_usable_answer' });
    const bye = scene.peer.requests('BYE')[0]!;
    expect(bye.headers.get('Reason')).toBe(`SIP;cause=488;text="${text}"`);
    scene.peer.send(scene.peer.response(bye, 200));
    expect(await leftovers(scene.both)).toEqual(NOTHING);
  });

  test('with an answer lets the call go on, also where a later re-INVITE has none', async () => {
    const dialog = await acknowledged({}, ANSWER);
    dialog.onOffer = () => OFFER;
    await scene.send(scene.peer.within(scene.last(), 'INVITE', 2));
    await scene.send(scene.peer.within(scene.last(), 'ACK', 2));
    expect(dialog.phase).toBe('confirmed');
    expect(scene.peer.requests('BYE')).toEqual([]);
  });

  test('of a re-INVITE with an answer that cannot be used is followed by BYE', async () => {
    const dialog = await acknowledged({}, ANSWER);
    dialog.onOffer = () => OFFER;
    await scene.send(scene.peer.within(scene.last(), 'INVITE', 2));
    await scene.send(scene.peer.within(scene.last(), 'ACK', 2, {}, CHANGED));
    expect(await dialog.ended).toMatchObject({ by: 'fault', code: 'no_usable_answer' });
  });
});
