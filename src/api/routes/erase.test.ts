import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;
let theirs: SeededCustomer;

beforeEach(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'ours', '+15550100001');
  theirs = await seedCustomer(server, 'theirs', '+15550100002');
});
afterEach(() => server.close());

/** Ends the call and marks its events as delivered. */
async function complete({ call }: SeededCustomer): Promise<void> {
  const ended = { ...call, status: 'completed' as const, endedAt: call.createdAt + 1000 };
  await server.storage.commit({ call: ended });
  for (const { id } of (await server.storage.events({ callId: call.id }, { limit: 10 })).data)
    await server.storage.saveEventState({ id, state: 'delivered', attempts: 1, nextAttemptAt: null });
}

test('DELETE /v1/calls/:id erases a call with all its data, and no data of other calls', async () => {
  await complete(ours);
  const { call, recording, key } = ours;
  const path = `/v1/calls/${call.id}`;
  expect(await server.request('DELETE', path, key)).toMatchObject({ status: 204 });
  for (const part of ['', '/timeline', '/events', '/recordings', '/ai', '/transcription'])
    expect(await server.request('GET', path + part, key), part).toMatchObject({
      status: 404,
      body: { error: { code: 'call_not_found' } },
    });
  for (const list of ['calls', 'events', 'recordings', 'transcriptions'])
    expect((await server.request('GET', `/v1/${list}`, key)).body, list).toMatchObject({ count: 0 });
  expect(existsSync(join(server.folder, recording.file))).toBe(false);
  expect(existsSync(join(server.folder, theirs.recording.file))).toBe(true);
  expect((await server.request('GET', '/v1/events', theirs.key)).body.count).toBe(2);
  expect(await server.request('DELETE', path, key)).toMatchObject({ status: 404 });
});

test('does not find a call of another application, but the operator can erase any call', async () => {
  await complete(ours);
  const path = `/v1/calls/${ours.call.id}`;
  expect(await server.request('DELETE', path, theirs.key)).toMatchObject({
    status: 404,
    body: { error: { code: 'call_not_found' } },
  });
  expect(await server.request('DELETE', path, ADMIN_TOKEN)).toMatchObject({ status: 204 });
});

test('does not erase a running call, or a call with undelivered events', async () => {
  const path = `/v1/calls/${ours.call.id}`;
  expect(await server.request('DELETE', path, ours.key)).toMatchObject({
    status: 409,
    body: { error: { code: 'call_active' } },
  });
  await complete(ours);
  const { data } = await server.storage.events({ callId: ours.call.id }, { limit: 1 });
  await server.storage.saveEventState({ ...data[0]!, state: 'pending' });
  expect(await server.request('DELETE', path, ours.key)).toMatchObject({
    status: 409,
    body: { error: { code: 'call_events_pending' } },
  });
});
