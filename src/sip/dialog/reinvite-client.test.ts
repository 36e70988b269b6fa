import { beforeEach, describe, expect, test } from 'vitest';
import { contactsOf } from '../message/index.ts';
import { UacHarness } from '../testing/harness.ts';
import { ANSWER, establishCall, NONE_OPEN, OFFER, openResources, type Pair } from '../testing/pair.ts';
import type { Peer } from '../testing/peer.ts';

let uac: UacHarness;
let pair: Pair;
let peer: Peer;

beforeEach(async () => {
  uac = await UacHarness.open();
  ({ pair, peer } = uac);
});

const wait = (ms: number) => uac.wait(ms);
const respond = (...parts: Parameters<Peer['response']>) => uac.respond(...parts);

describe('a re-INVITE of ours', () => {
  test('returns the answer, and sends the ACK to the new Contact', async () => {
    const { dialog } = await uac.establish();
    const changed = dialog.reinvite('v=1\r\n');
    await wait(10);
    const reinvite = peer.requests('INVITE')[1]!;
    expect(contactsOf(reinvite)[0]!.uri).toBe('sip:alice@10.0.0.1:5060');
    await respond(reinvite, 200, undefined, {}, 'v=2\r\n');
    expect(await changed).toBe('v=2\r\n');
    expect(peer.requests('ACK').at(-1)!.headers.get('CSeq')).toBe('2 ACK');
  });

  test('leaves the call unchanged if it is refused', async () => {
    const { dialog } = await uac.establish();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 488);
    expect(await changed).toMatchObject({ code: 'not_acceptable' });
    expect(dialog.phase).toBe('confirmed');
  });

  test('waits for the previous one', async () => {
    const { dialog } = await uac.establish();
    void dialog.reinvite('v=1\r\n');
    void dialog.reinvite('v=2\r\n');
    await wait(100);
    expect(peer.requests('INVITE')).toHaveLength(2);
    await respond(peer.requests('INVITE')[1]!, 200, undefined, {}, ANSWER);
    expect(peer.requests('INVITE')).toHaveLength(3);
  });

  test('is repeated after a 491: after 2.1 to 4 s by the owner of the Call-ID', async () => {
    const { dialog } = await uac.establish();
    const changed = dialog.reinvite('v=1\r\n');
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 491);
    await wait(2000);
    expect(peer.requests('INVITE')).toHaveLength(2);
    await wait(2100);
    await respond(peer.requests('INVITE')[2]!, 200, undefined, {}, ANSWER);
    expect(await changed).toBe(ANSWER);
  });

  test('refuses a change of the peer meanwhile with 491', async () => {
    const { dialog, invite } = await uac.establish();
    dialog.onOffer = () => ANSWER;
    void dialog.reinvite('v=1\r\n').catch(() => {});
    await wait(10);
    await uac.sendInDialog(invite, 'INVITE', 1, OFFER);
    expect(peer.responses('INVITE').at(-1)!.status).toBe(491);
  });

  test('is canceled without a final response, and leaves nothing open', async () => {
    const { dialog } = await uac.establish();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 100);
    await wait(33_000);
    expect(peer.log.at(-1)).toBe('CANCEL');
    expect(await openResources(pair)).toEqual(NONE_OPEN);
    expect(await changed).toMatchObject({ code: 'not_acceptable' });
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
  });

  test('succeeds in the end if both sides send one at the same time', async () => {
    const { near, far } = await establishCall(pair);
    near.onOffer = far.onOffer = () => ANSWER;
    const changed = Promise.all([near.reinvite('v=1\r\n'), far.reinvite('v=2\r\n')]);
    await wait(10_000);
    expect(await changed).toEqual([ANSWER, ANSWER]);
  });

  test('ends with the call', async () => {
    const { dialog, invite } = await uac.establish();
    const changed = dialog.reinvite('v=1\r\n').catch((error) => error);
    await wait(10);
    await respond(peer.requests('INVITE')[1]!, 491);
    await uac.sendInDialog(invite, 'BYE', 1);
    expect(await changed).toMatchObject({ code: 'call_ended' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});
