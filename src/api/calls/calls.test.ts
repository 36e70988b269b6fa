import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../core/index.ts';
import { aCall } from '../../storage/testing/records.ts';
import { ADMIN_TOKEN, type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let ours: Settled;

beforeEach(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
});
afterEach(() => house.close());

const ask = (method: string, url: string, body?: unknown) => house.ask(method, url, ours.key, body);
const ids = (answer: { body: { data: { id: string }[] } }) => answer.body.data.map(({ id }) => id);

async function another(but: Parameters<typeof aCall>[1] = {}): Promise<string> {
  const owner = { customerId: ours.customer.id, applicationId: ours.application.id };
  const call = aCall(house.storage.ids.next('call'), { ...owner, ...but });
  await house.storage.commit({ call });
  return call.id;
}

describe('a list of calls', () => {
  it('is paged, the newest first, without losing or repeating one', async () => {
    const all = [ours.call.id];
    for (let i = 1; i <= 4; i++) all.unshift(await another({ createdAt: ours.call.createdAt + i }));
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const answer = await ask('GET', `/v1/calls?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(answer.body.count).toBe(page < 2 ? 2 : 1);
      seen.push(...ids(answer));
      cursor = answer.body.next_cursor;
    }
    expect(seen).toEqual(all);
  });

  it('is filtered by status, direction, numbers and time', async () => {
    const { createdAt } = ours.call;
    const early = await another({ status: 'failed', direction: 'outbound', createdAt: createdAt - 60_000 });
    const list = async (query: string) => ids(await ask('GET', `/v1/calls?${query}`));
    expect(await list('status=failed')).toEqual([early]);
    expect(await list('direction=inbound')).toEqual([ours.call.id]);
    expect(await list(`to=${encodeURIComponent('+15550100001')}`)).toEqual([ours.call.id]);
    const time = encodeURIComponent(new Date(createdAt).toISOString());
    expect(await list(`created_after=${time}`)).toEqual([ours.call.id]);
    expect(await list(`created_before=${time}`)).toEqual([early]);
    expect(await list('status=canceled')).toEqual([]);
  });

  it('tells every filter that makes no sense', async () => {
    const answer = await ask('GET', '/v1/calls?status=gone&limit=1000&created_after=today&colour=red');
    expect(answer.status).toBe(400);
    const places = answer.body.error.details.map(({ pointer }: { pointer: string }) => pointer);
    expect(places.sort()).toEqual(['/colour', '/created_after', '/limit', '/status']);
  });

  it("shows the operator everybody's", async () => {
    const theirs = await settle(house, 'Theirs', '+15550100002');
    expect(ids(await house.ask('GET', '/v1/calls', ADMIN_TOKEN)).sort()).toEqual([
      ours.call.id,
      theirs.call.id,
    ]);
    expect(ids(await ask('GET', '/v1/calls'))).toEqual([ours.call.id]);
  });
});

describe('a live call', () => {
  beforeEach(() => house.live.add(ours.call.id, ours.recording));
  const url = () => `/v1/calls/${ours.call.id}`;

  it('is hung up', async () => {
    const answer = await ask('POST', `${url()}/hangup`);
    expect(answer.status).toBe(202);
    expect(answer.body.id).toBe(ours.call.id);
    expect(house.live.asked).toEqual([`hangup ${ours.call.id}`]);
  });

  it('runs a document at once', async () => {
    const answer = await ask('POST', `${url()}/actions`, {
      actions: [{ say: { text: 'Hi' } }, { hangup: {} }],
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ data: { call_id: ours.call.id, actions: 2 } });
    expect(house.live.asked).toEqual([`perform ${ours.call.id} say hangup`]);
  });

  it('runs nothing of a document that is not valid, and tells every fault of it', async () => {
    const answer = await ask('POST', `${url()}/actions`, {
      actions: [{ say: {} }, { hold: {} }, { sing: {} }],
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: 'invalid_action_payload',
      message: 'invalid action payload',
      details: [{ pointer: '/actions/0/say/text' }, { pointer: '/actions/2/sing' }],
    });
    expect(house.live.asked).toEqual([]);
  });

  it('is recorded: started, started again, paused, resumed, stopped', async () => {
    const order = async (body?: unknown) => {
      const answer = await ask('POST', `${url()}/recordings`, body);
      return `${answer.status} ${answer.body.data?.action ?? answer.body.error.code}`;
    };
    expect(await order({ action: 'stop' })).toBe('404 recording_not_started');
    expect(await order()).toBe('201 start');
    expect(await order({ action: 'start' })).toBe('200 start');
    expect(await order({ action: 'pause', mode: 'skip' })).toBe('200 pause');
    expect(await order({ action: 'resume' })).toBe('200 resume');
    expect(await order({ action: 'stop' })).toBe('200 stop');
    expect(await order({ action: 'pause' })).toBe('404 recording_not_started');
    expect(house.live.asked.slice(0, 4)).toEqual([
      'start 2 wav 14400',
      'start 2 wav 14400',
      'pause skip',
      'stop api',
    ]);
  });

  it('answers with the recording and the ids of its call', async () => {
    const { body } = await ask('POST', `${url()}/recordings`, {
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
    expect(house.live.asked).toEqual(['start 1 wav 60']);
  });

  it.each([
    [{ action: 'rewind' }, 400, 'invalid_action'],
    [{ action: 5 }, 400, 'invalid_request'],
    [{ action: 'start', channels: 3 }, 400, 'invalid_request'],
    ['{', 400, 'invalid_json'],
  ])('refuses the order %j with %i %s', async (body, status, code) => {
    const answer = await ask('POST', `${url()}/recordings`, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error.code).toBe(code);
  });

  it('takes no order while it ends', async () => {
    house.live.failure = new Failure('call_ended', 'the call has ended');
    const answer = await ask('POST', `${url()}/recordings`);
    expect(answer.status).toBe(404);
    expect(answer.body.error.code).toBe('active_call_not_found');
  });

  it('cannot be recorded before it has a SIP leg', async () => {
    const id = await another();
    house.live.add(id);
    const answer = await ask('POST', `/v1/calls/${id}/recordings`);
    expect(answer.status).toBe(409);
    expect(answer.body.error.code).toBe('call_uuid_missing');
  });
});

it.each(['hangup', 'actions', 'recordings'])('a call that is over takes no %s', async (what) => {
  const body = what === 'actions' ? { actions: [] } : {};
  const answer = await ask('POST', `/v1/calls/${ours.call.id}/${what}`, body);
  expect(answer.status).toBe(404);
  expect(answer.body.error.code).toBe('active_call_not_found');
});

it("tells a call's story in order", async () => {
  const timeline = await ask('GET', `/v1/calls/${ours.call.id}/timeline`);
  expect(timeline.body.data.at(-1)).toEqual({
    at: '2026-05-29T12:00:00.000Z',
    kind: 'action',
    data: { type: 'say' },
  });
  const events = await ask('GET', `/v1/calls/${ours.call.id}/events`);
  expect(
    events.body.data.map(({ event, sequence }: { event: string; sequence: number }) => [event, sequence]),
  ).toEqual([
    ['call.created', 1],
    ['call.answered', 2],
  ]);
});
