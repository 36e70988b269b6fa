import { beforeEach, describe, expect, test } from 'vitest';
import { contactsOf } from '../message/index.ts';
import { Callee } from '../testing/callee.ts';
import { ANSWER, established, leftovers, NOTHING, OFFER, type Pair } from '../testing/pair.ts';
import type { Peer } from '../testing/peer.ts';

let callee: Callee;
let both: Pair;
let peer: Peer;

beforeEach(async () => {
  callee = await Callee.open();
  ({ both, peer } = callee);
});

const wait = (ms: number) => callee.wait(ms);
const respond = (...parts: Parameters<Peer['response']>) => callee.respond(...parts);

describe('changes of the session that we ask for', () => {
  test('bring the answer, and our ACK goes to the new Contact', async () => {
    const { dialog } = await callee.talking();
    const changed = dialog.reinvite('v=1\r\n');
    await wait(10);
    const reinvite = peer.requests('INVITE')[1]!;
    expect(contactsOf(reinvite)[0]!.uri).toBe('sip:alice@10.0.0.1:5060');
    await respond(reinvite, 200, undefined, {}, 'v=2\r\n');
    expect(await changed).toBe('v=2\r\n');
    expect(peer.requests('ACK').at(-1)!.headers.get('CSeq')).toBe('2 ACK');
  });

  test('that are refused leave the call as it was', async () => {
    const { dialog } = await callee.talking();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 488);
    expect(await changed).toMatchObject({ code: 'not_acceptable' });
    expect(dialog.phase).toBe('confirmed');
  });

  test('go one after the other', async () => {
    const { dialog } = await callee.talking();
    void dialog.reinvite('v=1\r\n');
    void dialog.reinvite('v=2\r\n');
    await wait(100);
    expect(peer.requests('INVITE')).toHaveLength(2);
    await respond(peer.requests('INVITE')[1]!, 200, undefined, {}, ANSWER);
    expect(peer.requests('INVITE')).toHaveLength(3);
  });

  test('after a 491 are tried again: 2.1 to 4 s later by the side that made the Call-ID', async () => {
    const { dialog } = await callee.talking();
    const changed = dialog.reinvite('v=1\r\n');
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 491);
    await wait(2000);
    expect(peer.requests('INVITE')).toHaveLength(2);
    await wait(2100);
    await respond(peer.requests('INVITE')[2]!, 200, undefined, {}, ANSWER);
    expect(await changed).toBe(ANSWER);
  });

  test('a change of the other side meanwhile is refused with 491', async () => {
    const { dialog, invite } = await callee.talking();
    dialog.onOffer = () => ANSWER;
    void dialog.reinvite('v=1\r\n').catch(() => {});
    await wait(10);
    await callee.ask(invite, 'INVITE', 1, OFFER);
    expect(peer.responses('INVITE').at(-1)!.status).toBe(491);
  });

  test('that nobody answers to the end are taken back, and nothing is left', async () => {
    const { dialog } = await callee.talking();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 100);
    await wait(33_000);
    expect(peer.log.at(-1)).toBe('CANCEL');
    expect(await leftovers(both)).toEqual(NOTHING);
    expect(await changed).toMatchObject({ code: 'not_acceptable' });
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
  });

  test('of both sides at once come through in the end', async () => {
    const { near, far } = await established(both);
    near.onOffer = far.onOffer = () => ANSWER;
    const changed = Promise.all([near.reinvite('v=1\r\n'), far.reinvite('v=2\r\n')]);
    await wait(10_000);
    expect(await changed).toEqual([ANSWER, ANSWER]);
  });

  test('end with the call', async () => {
    const { dialog, invite } = await callee.talking();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 491);
    await callee.ask(invite, 'BYE', 1);
    expect(await changed).toMatchObject({ code: 'call_ended' });
    expect(await leftovers(both)).toEqual(NOTHING);
  });
});
