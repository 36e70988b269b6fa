import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ADMIN_TOKEN, type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let own: Settled;
let other: Settled;

beforeEach(async () => {
  house = await openHouse();
  own = await settle(house, 'ours', '+15550100001');
  other = await settle(house, 'theirs', '+15550100002');
});
afterEach(() => house.close());

/** The call is over, and its events are delivered. */
async function over({ call }: Settled): Promise<void> {
  const ended = { ...call, status: 'completed' as const, endedAt: call.createdAt + 1000 };
  await house.storage.commit({ call: ended });
  for (const { id } of (await house.storage.events({ callId: call.id }, { limit: 10 })).data)
    await house.storage.saveEventState({ id, state: 'delivered', attempts: 1, nextAttemptAt: null });
}

test('DELETE /v1/calls/:id erases a call: everything about it is gone, and nothing of others', async () => {
  await over(own);
  const { call, recording, key } = own;
  const path = `/v1/calls/${call.id}`;
  expect(await house.ask('DELETE', path, key)).toMatchObject({ status: 204 });
  for (const part of ['', '/timeline', '/events', '/recordings', '/ai', '/transcription'])
    expect(await house.ask('GET', path + part, key), part).toMatchObject({
      status: 404,
      body: { error: { code: 'call_not_found' } },
    });
  for (const list of ['calls', 'events', 'recordings', 'transcriptions'])
    expect((await house.ask('GET', `/v1/${list}`, key)).body, list).toMatchObject({ count: 0 });
  expect(existsSync(join(house.folder, recording.file))).toBe(false);
  expect(existsSync(join(house.folder, other.recording.file))).toBe(true);
  expect((await house.ask('GET', '/v1/events', other.key)).body.count).toBe(2);
  expect(await house.ask('DELETE', path, key)).toMatchObject({ status: 404 });
});

test('a call of another application is not found, and the operator may erase any', async () => {
  await over(own);
  const path = `/v1/calls/${own.call.id}`;
  expect(await house.ask('DELETE', path, other.key)).toMatchObject({
    status: 404,
    body: { error: { code: 'call_not_found' } },
  });
  expect(await house.ask('DELETE', path, ADMIN_TOKEN)).toMatchObject({ status: 204 });
});

test('a call that lasts is not erased, nor one whose events are still to be delivered', async () => {
  const path = `/v1/calls/${own.call.id}`;
  expect(await house.ask('DELETE', path, own.key)).toMatchObject({
    status: 409,
    body: { error: { code: 'call_active' } },
  });
  await over(own);
  const { data } = await house.storage.events({ callId: own.call.id }, { limit: 1 });
  await house.storage.saveEventState({ ...data[0]!, state: 'pending' });
  expect(await house.ask('DELETE', path, own.key)).toMatchObject({
    status: 409,
    body: { error: { code: 'call_events_pending' } },
  });
});
