import { beforeEach, describe, expect, test } from 'vitest';
import type { SipRequest } from '../message/index.ts';
import { UacHarness } from '../testing/harness.ts';
import { ANSWER, NONE_OPEN, openResources } from '../testing/pair.ts';

type Fields = Record<string, string>;

let uac: UacHarness;

beforeEach(async () => {
  uac = await UacHarness.open();
});

const TIMER = { 'Session-Expires': '1800;refresher=uac' };
const requests = (method: string) => uac.peer.requests(method);
const respond = (request: SipRequest, status: number, headers: Fields = {}, body = '') =>
  uac.respond(request, status, undefined, headers, body);
const seconds = (count: number) => uac.wait(count * 1000);

/** A call that expires after 1,768 s, and whose refresh after 900 s has just been sent. */
async function refreshing(headers: Fields = {}, method = 'INVITE') {
  const { dialog } = await uac.establish({ ...TIMER, ...headers });
  await seconds(900);
  return { dialog, refresh: requests(method).at(-1)! };
}

describe('a refresh that is refused', () => {
  test.each([
    [500, {}, 5],
    [503, { 'Retry-After': '60' }, 60],
    [500, { 'Retry-After': '7' }, 7],
    [488, {}, 5],
    [403, {}, 5],
    [302, {}, 5],
    [606, {}, 5],
    [422, {}, 5],
    [422, { 'Min-SE': '90' }, 5],
    [401, {}, 5],
  ] as [number, Fields, number][])(
    'with %i %o is tried again, and keeps the session',
    async (status, headers, wait) => {
      const { dialog, refresh } = await refreshing();
      await respond(refresh, status, headers);
      await seconds(wait - 1);
      expect(requests('INVITE')).toHaveLength(2);
      await seconds(1.1);
      expect(requests('INVITE')).toHaveLength(3);
      await respond(requests('INVITE').at(-1)!, 200, TIMER, ANSWER);
      await seconds(890);
      expect(dialog.phase).toBe('confirmed');
      expect(requests('INVITE')).toHaveLength(3);
    },
  );

  test('is repeated at growing intervals until the session expires', async () => {
    const { dialog } = await refreshing();
    for (let second = 0; second < 860 && dialog.phase === 'confirmed'; second += 5) {
      const last = requests('INVITE').at(-1)!;
      if (requests('ACK').length < requests('INVITE').length) await respond(last, 500);
      await seconds(5);
    }
    expect(requests('INVITE').length).toBeGreaterThan(6);
    expect(requests('INVITE').length).toBeLessThan(11);
    await seconds(10);
    expect(await dialog.ended).toMatchObject({ by: 'timeout', code: 'session_expired' });
    await respond(requests('BYE')[0]!, 200);
    expect(await openResources(uac.pair)).toEqual(NONE_OPEN);
  });

  test('with a Retry-After beyond the session lets the session expire', async () => {
    const { dialog, refresh } = await refreshing();
    await respond(refresh, 503, { 'Retry-After': '4294967295' });
    await seconds(860);
    expect(requests('INVITE')).toHaveLength(2);
    expect(dialog.phase).toBe('confirmed');
    await seconds(10);
    expect(await dialog.ended).toMatchObject({ by: 'timeout', code: 'session_expired' });
  });

  test.each([
    [481, 'remote'],
    [408, 'timeout'],
  ])('with %i ends the dialog (RFC 5057)', async (status, by) => {
    const { dialog, refresh } = await refreshing();
    await respond(refresh, status);
    expect(await dialog.ended).toMatchObject({ by });
  });

  test('is not repeated after the peer has refreshed', async () => {
    const { dialog, refresh } = await refreshing();
    await respond(refresh, 500);
    await uac.sendInDialog(requests('INVITE')[0]!, 'UPDATE', 7);
    await seconds(20);
    expect(requests('INVITE')).toHaveLength(2);
    expect(dialog.phase).toBe('confirmed');
  });

  test('by an unusable answer still counts as refreshed', async () => {
    const { refresh } = await refreshing();
    await respond(refresh, 200, TIMER);
    await seconds(60);
    expect(requests('INVITE')).toHaveLength(2);
  });
});

describe('a refresh by UPDATE', () => {
  const UPDATES = { Allow: 'INVITE, ACK, BYE, UPDATE' };

  test.each([405, 501, 415, 488])('that is refused with %i is followed by a re-INVITE', async (status) => {
    const { dialog, refresh } = await refreshing(UPDATES, 'UPDATE');
    await respond(refresh, status);
    await respond(requests('INVITE').at(-1)!, 200, TIMER, ANSWER);
    expect(requests('INVITE')).toHaveLength(2);
    await seconds(890);
    expect(dialog.phase).toBe('confirmed');
  });

  test.each([
    [491, {}, 5],
    [500, { 'Retry-After': '9' }, 9],
  ] as [number, Fields, number][])(
    'that is refused with %i is tried again',
    async (status, headers, wait) => {
      const { dialog, refresh } = await refreshing(UPDATES, 'UPDATE');
      await respond(refresh, status, headers);
      await seconds(wait + 0.1);
      expect(requests('UPDATE')).toHaveLength(2);
      await respond(requests('UPDATE').at(-1)!, 200, TIMER);
      await seconds(880);
      expect(dialog.phase).toBe('confirmed');
    },
  );
});
