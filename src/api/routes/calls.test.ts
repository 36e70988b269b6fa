import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../core/index.ts';
import { aCall } from '../../storage/testing/records.ts';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;

beforeEach(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
});
afterEach(() => server.close());

const request = (method: string, url: string, body?: unknown) => server.request(method, url, ours.key, body);
const ids = (response: { body: { data: { id: string }[] } }) => response.body.data.map(({ id }) => id);

async function addCall(fields: Parameters<typeof aCall>[1] = {}): Promise<string> {
  const owner = { customerId: ours.customer.id, applicationId: ours.application.id };
  const call = aCall(server.storage.ids.next('call'), { ...owner, ...fields });
  await server.storage.commit({ call });
  return call.id;
}

describe('the list of calls', () => {
  it('has pages, newest first, without a missing or repeated call', async () => {
    const all = [ours.call.id];
    for (let i = 1; i <= 4; i++) all.unshift(await addCall({ createdAt: ours.call.createdAt + i }));
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const response = await request('GET', `/v1/calls?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(response.body.count).toBe(page < 2 ? 2 : 1);
      seen.push(...ids(response));
      cursor = response.body.next_cursor;
    }
    expect(seen).toEqual(all);
  });

  it('filters by status, direction, numbers and time', async () => {
    const { createdAt } = ours.call;
    const early = await addCall({ status: 'failed', direction: 'outbound', createdAt: createdAt - 60_000 });
    const list = async (query: string) => ids(await request('GET', `/v1/calls?${query}`));
    expect(await list('status=failed')).toEqual([early]);
    expect(await list('direction=inbound')).toEqual([ours.call.id]);
    expect(await list(`to=${encodeURIComponent('+15550100001')}`)).toEqual([ours.call.id]);
    const time = encodeURIComponent(new Date(createdAt).toISOString());
    expect(await list(`created_after=${time}`)).toEqual([ours.call.id]);
    expect(await list(`created_before=${time}`)).toEqual([early]);
    expect(await list('status=canceled')).toEqual([]);
  });

  it('reports all invalid filters', async () => {
    const response = await request('GET', '/v1/calls?status=gone&limit=1000&created_after=today&colour=red');
    expect(response.status).toBe(400);
    const places = response.body.error.details.map(({ pointer }: { pointer: string }) => pointer);
    expect(places.sort()).toEqual(['/colour', '/created_after', '/limit', '/status']);
  });

  it('shows the operator the calls of all applications', async () => {
    const theirs = await seedCustomer(server, 'Theirs', '+15550100002');
    expect(ids(await server.request('GET', '/v1/calls', ADMIN_TOKEN)).sort()).toEqual([
      ours.call.id,
      theirs.call.id,
    ]);
    expect(ids(await request('GET', '/v1/calls'))).toEqual([ours.call.id]);
  });
});

describe('a live call', () => {
  beforeEach(() => server.live.add(ours.call.id, ours.recording));
  const url = () => `/v1/calls/${ours.call.id}`;

  it('hangs up', async () => {
    const response = await request('POST', `${url()}/hangup`);
    expect(response.status).toBe(202);
    expect(response.body.id).toBe(ours.call.id);
    expect(server.live.orders).toEqual([`hangup ${ours.call.id}`]);
  });

  it('runs a document at once', async () => {
    const response = await request('POST', `${url()}/actions`, {
      actions: [{ say: { text: 'Hi' } }, { hangup: {} }],
    });
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ data: { call_id: ours.call.id, actions: 2 } });
    expect(server.live.orders).toEqual([`perform ${ours.call.id} say hangup`]);
  });

  it('runs no action of an invalid document and reports all errors', async () => {
    const response = await request('POST', `${url()}/actions`, {
      actions: [{ say: {} }, { hold: {} }, { sing: {} }],
    });
    expect(response.status).toBe(400);
    expect(response.body.error).toMatchObject({
      code: 'invalid_action_payload',
      message: 'invalid action payload',
      details: [{ pointer: '/actions/0/say/text' }, { pointer: '/actions/2/sing' }],
    });
    expect(server.live.orders).toEqual([]);
  });

  it('starts, pauses, resumes and stops a recording', async () => {
    const order = async (body?: unknown) => {
      const response = await request('POST', `${url()}/recordings`, body);
      return `${response.status} ${response.body.data?.action ?? response.body.error.code}`;
    };
    expect(await order({ action: 'stop' })).toBe('404 recording_not_started');
    expect(await order()).toBe('201 start');
    expect(await order({ action: 'start' })).toBe('200 start');
    expect(await order({ action: 'pause', mode: 'skip' })).toBe('200 pause');
    expect(await order({ action: 'resume' })).toBe('200 resume');
    expect(await order({ action: 'stop' })).toBe('200 stop');
    expect(await order({ action: 'pause' })).toBe('404 recording_not_started');
    expect(server.live.orders.slice(0, 4)).toEqual([
      'start 2 wav 14400',
      'start 2 wav 14400',
      'pause skip',
      'stop api',
    ]);
  });

  it('returns the recording and the ids of its call', async () => {
    const { body } = await request('POST', `${url()}/recordings`, {
      action: 'start',
      channels: 1,
      max_seconds: 60,
    });
    expect(body.data).toMatchObject({
      call_id: ours.call.id,
      provider_call_id: ours.call.providerCallId,
      action: 'start',
      recording: { id: ours.recording.id, status: 'started', file_url: '' },
    });
    expect(server.live.orders).toEqual(['start 1 wav 60']);
  });

  it.each([
    [{ action: 'rewind' }, 400, 'invalid_action'],
    [{ action: 5 }, 400, 'invalid_request'],
    [{ action: 'start', channels: 3 }, 400, 'invalid_request'],
    ['{', 400, 'invalid_json'],
  ])('rejects the order %j with %i %s', async (body, status, code) => {
    const response = await request('POST', `${url()}/recordings`, body);
    expect(response.status).toBe(status);
    expect(response.body.error.code).toBe(code);
  });

  it('takes no orders while it ends', async () => {
    server.live.failure = new Failure('call_ended', 'the call has ended');
    const response = await request('POST', `${url()}/recordings`);
    expect(response.status).toBe(404);
    expect(response.body.error.code).toBe('active_call_not_found');
  });

  it('cannot be recorded before it has a SIP leg', async () => {
    const id = await addCall();
    server.live.add(id);
    const response = await request('POST', `/v1/calls/${id}/recordings`);
    expect(response.status).toBe(409);
    expect(response.body.error.code).toBe('call_uuid_missing');
  });
});

it.each(['hangup', 'actions', 'recordings'])('an ended call takes no %s', async (what) => {
  const body = what === 'actions' ? { actions: [] } : {};
  const response = await request('POST', `/v1/calls/${ours.call.id}/${what}`, body);
  expect(response.status).toBe(404);
  expect(response.body.error.code).toBe('active_call_not_found');
});

it('returns the timeline and the events of a call in order', async () => {
  const timeline = await request('GET', `/v1/calls/${ours.call.id}/timeline`);
  expect(timeline.body.data.at(-1)).toEqual({
    at: '2026-05-29T12:00:00.000Z',
    kind: 'action',
    data: { type: 'say' },
  });
  const events = await request('GET', `/v1/calls/${ours.call.id}/events`);
  expect(
    events.body.data.map(({ event, sequence }: { event: string; sequence: number }) => [event, sequence]),
  ).toEqual([
    ['call.created', 1],
    ['call.answered', 2],
  ]);
});
