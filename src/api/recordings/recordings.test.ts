import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { ADMIN_TOKEN, FILE, type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let ours: Settled;
let file: string;

beforeEach(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
  file = `/v1/recordings/${ours.recording.id}/file`;
});
afterEach(() => house.close());

const ask = (method: string, url: string, key = ours.key) => house.ask(method, url, key);
const range = (value: string, more: Record<string, string> = {}) =>
  house.api.inject({ url: file, headers: { authorization: `Bearer ${ours.key}`, range: value, ...more } });

describe("a recording's file", () => {
  it('is answered whole, with its type, its size and its name', async () => {
    const answer = await ask('GET', file);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(FILE.toString());
    expect(answer.headers).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': '100',
      'accept-ranges': 'bytes',
      etag: `"${ours.recording.sha256}"`,
      'content-disposition': `inline; filename="${ours.recording.id}.wav"`,
    });
  });

  it.each([
    ['bytes=0-3', 'RIFF', 'bytes 0-3/100'],
    ['bytes=96-', '....', 'bytes 96-99/100'],
    ['bytes=-2', '..', 'bytes 98-99/100'],
    ['bytes=98-500', '..', 'bytes 98-99/100'],
    ['bytes=-500', FILE.toString(), 'bytes 0-99/100'],
  ])('is answered in part for %s', async (header, part, contentRange) => {
    const answer = await range(header);
    expect(answer.statusCode).toBe(206);
    expect(answer.payload).toBe(part);
    expect(answer.headers['content-range']).toBe(contentRange);
    expect(answer.headers['content-length']).toBe(String(part.length));
  });

  it.each(['bytes=100-', 'bytes=-0'])('has nothing at %s', async (header) => {
    const answer = await range(header);
    expect(answer.statusCode).toBe(416);
    expect(answer.headers['content-range']).toBe('bytes */100');
    expect(answer.json().error.code).toBe('range_not_satisfiable');
  });

  it.each(['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])(
    'is answered whole for %s',
    async (header) => {
      const answer = await range(header);
      expect(answer.statusCode).toBe(200);
      expect(answer.payload).toBe(FILE.toString());
    },
  );

  it('is answered whole where the part is wanted of another version', async () => {
    expect((await range('bytes=0-3', { 'if-range': '"other"' })).statusCode).toBe(200);
    expect((await range('bytes=0-3', { 'if-range': `"${ours.recording.sha256}"` })).statusCode).toBe(206);
  });

  it('tells its size to HEAD without being sent', async () => {
    const answer = await ask('HEAD', file);
    expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-length': '100' } });
  });

  it('opens by its signed address without a key, for a day', async () => {
    const { body } = await ask('GET', `/v1/recordings/${ours.recording.id}`);
    expect(body.file_url).toMatch(/^http:\/\/voice\.test\/v1\/recordings\//);
    const signed = body.file_url.slice('http://voice.test'.length);
    const open = async (url: string) => (await house.api.inject({ url })).statusCode;
    expect(await open(signed)).toBe(200);
    expect(await open(`${signed}0`)).toBe(401);
    expect(await open(signed.replace(/expires=(\d+)/, 'expires=9$1'))).toBe(401);
    expect(await open(signed.replace('/file', ''))).toBe(401);
    await house.clock.advance(86_400_000);
    expect(await open(signed)).toBe(401);
  });

  it('that is still being written, or is gone, is told apart', async () => {
    const owner = { customerId: ours.customer.id, applicationId: ours.application.id };
    const call = aCall(house.storage.ids.next('call'), owner);
    await house.storage.commit({ call, recording: aRecording(call) });
    const running = await ask('GET', `/v1/recordings/rec_${call.id}/file`);
    expect(running).toMatchObject({ status: 409, body: { error: { code: 'recording_not_ready' } } });
    await house.storage.commit({
      recording: aRecording(call, { status: 'completed', file: '../../etc/passwd' }),
    });
    const outside = await ask('GET', `/v1/recordings/rec_${call.id}/file`);
    expect(outside).toMatchObject({ status: 404, body: { error: { code: 'recording_file_missing' } } });
  });
});

it('is read with whole seconds rounded down and exact milliseconds', async () => {
  const { body } = await ask('GET', `/v1/recordings/${ours.recording.id}`);
  expect(body).toMatchObject({
    duration_seconds: 61,
    duration_ms: 61_999,
    size_bytes: 100,
    status: 'completed',
  });
});

it('is listed for its call and among all, and only for its owner', async () => {
  const theirs = await settle(house, 'Theirs', '+15550100002');
  const ids = async (url: string, key?: string) =>
    (await ask('GET', url, key)).body.data.map(({ id }: { id: string }) => id);
  expect(await ids(`/v1/calls/${ours.call.id}/recordings`)).toEqual([ours.recording.id]);
  expect(await ids('/v1/recordings')).toEqual([ours.recording.id]);
  expect(await ids(`/v1/recordings?call_id=${theirs.call.id}`)).toEqual([]);
  expect(await ids('/v1/recordings?status=started')).toEqual([]);
  expect(await ids('/v1/recordings', ADMIN_TOKEN)).toHaveLength(2);
});

it('is deleted with its file, once', async () => {
  const url = `/v1/recordings/${ours.recording.id}`;
  const answer = await ask('DELETE', url);
  expect(answer).toMatchObject({ status: 204, text: '' });
  expect(existsSync(join(house.folder, ours.recording.file))).toBe(false);
  expect((await ask('GET', url)).status).toBe(404);
  expect((await ask('DELETE', url)).status).toBe(404);
});
