import { expect, test } from 'vitest';
import { established, leftovers, NOTHING, OFFER, pair } from './testing/pair.ts';

test('a call is set up, answered and ended, and nothing is left of it', async () => {
  const both = await pair();
  const { near, far } = await established(both);
  expect(both.wire).toEqual(['alice INVITE', 'bob 200 INVITE', 'alice ACK']);
  expect(both.invites[0]!.offer).toBe(OFFER);
  const bye = near.bye();
  await both.clock.advance(50);
  await bye;
  expect(await near.ended).toMatchObject({ by: 'local' });
  expect(await far.ended).toMatchObject({ by: 'remote' });
  expect(await leftovers(both)).toEqual(NOTHING);
});
