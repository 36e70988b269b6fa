import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import {
  ADMIN_TOKEN,
  FILE,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;
let file: string;

beforeEach(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
  file = `/v1/recordings/${ours.recording.id}/file`;
});
afterEach(() => server.close());

const request = (method: string, url: string, key = ours.key) => server.request(method, url, key);
const range = (value: string, more: Record<string, string> = {}) =>
  server.api.inject({ url: file, headers: { authorization: `Bearer ${ours.key}`, range: value, ...more } });

describe("a recording's file", () => {
  it('is returned with its type, size and name', async () => {
    const response = await request('GET', file);
    expect(response.status).toBe(200);
    expect(response.text).toBe(FILE.toString());
    expect(response.headers).toMatchObject({
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
  ])('is returned in part for %s', async (header, part, contentRange) => {
    const response = await range(header);
    expect(response.statusCode).toBe(206);
    expect(response.payload).toBe(part);
    expect(response.headers['content-range']).toBe(contentRange);
    expect(response.headers['content-length']).toBe(String(part.length));
  });

  it.each(['bytes=100-', 'bytes=-0'])('cannot satisfy the range %s', async (header) => {
    const response = await range(header);
    expect(response.statusCode).toBe(416);
    expect(response.headers['content-range']).toBe('bytes */100');
    expect(response.json().error.code).toBe('range_not_satisfiable');
  });

  it.each(['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])(
    'is returned as a whole for %s',
    async (header) => {
      const response = await range(header);
      expect(response.statusCode).toBe(200);
      expect(response.payload).toBe(FILE.toString());
    },
  );

  it('is returned as a whole if If-Range names another version', async () => {
    expect((await range('bytes=0-3', { 'if-range': '"other"' })).statusCode).toBe(200);
    expect((await range('bytes=0-3', { 'if-range': `"${ours.recording.sha256}"` })).statusCode).toBe(206);
  });

  it('is not sent again if If-None-Match has its ETag', async () => {
    const get = (etag: string) =>
      server.api.inject({
        url: file,
        headers: { authorization: `Bearer ${ours.key}`, 'if-none-match': etag },
      });
    const unchanged = await get(`"${ours.recording.sha256}"`);
    expect(unchanged.statusCode).toBe(304);
    expect(unchanged.payload).toBe('');
    expect(unchanged.headers['etag']).toBe(`"${ours.recording.sha256}"`);
    expect((await get('"other"')).statusCode).toBe(200);
  });

  it('has no Content-Length of 0 in a 304 to HEAD', async () => {
    const { statusCode, headers } = await server.api.inject({
      method: 'HEAD',
      url: file,
      headers: { authorization: `Bearer ${ours.key}`, 'if-none-match': `"${ours.recording.sha256}"` },
    });
    expect(statusCode).toBe(304);
    expect(headers).not.toHaveProperty('content-length');
  });

  it('responds to HEAD with its size and no body', async () => {
    const response = await request('HEAD', file);
    expect(response).toMatchObject({ status: 200, text: '', headers: { 'content-length': '100' } });
  });

  it('is available by its signed URL without a key, for a day', async () => {
    const { body } = await request('GET', `/v1/recordings/${ours.recording.id}`);
    expect(body.file_url).toMatch(/^http:\/\/voice\.test\/v1\/recordings\//);
    const signed = body.file_url.slice('http://voice.test'.length);
    const statusOf = async (url: string) => (await server.api.inject({ url })).statusCode;
    expect(await statusOf(signed)).toBe(200);
    expect(await statusOf(`${signed}0`)).toBe(401);
    expect(await statusOf(signed.replace(/expires=(\d+)/, 'expires=9$1'))).toBe(401);
    expect(await statusOf(signed.replace('/file', ''))).toBe(401);
    await server.clock.advance(86_400_000);
    expect(await statusOf(signed)).toBe(401);
  });

  it('responds differently while it is written and when it is missing', async () => {
    const owner = { customerId: ours.customer.id, applicationId: ours.application.id };
    const call = aCall(server.storage.ids.next('call'), owner);
    await server.storage.commit({ call, recording: aRecording(call) });
    const running = await request('GET', `/v1/recordings/rec_${call.id}/file`);
    expect(running).toMatchObject({ status: 409, body: { error: { code: 'recording_not_ready' } } });
    await server.storage.commit({
      recording: aRecording(call, { status: 'completed', file: '../../etc/passwd' }),
    });
    const outside = await request('GET', `/v1/recordings/rec_${call.id}/file`);
    expect(outside).toMatchObject({ status: 404, body: { error: { code: 'recording_file_missing' } } });
  });
});

it('returns the duration in seconds, rounded down, and in milliseconds', async () => {
  const { body } = await request('GET', `/v1/recordings/${ours.recording.id}`);
  expect(body).toMatchObject({
    duration_seconds: 61,
    duration_ms: 61_999,
    size_bytes: 100,
    status: 'completed',
  });
});

it('lists recordings by call and in total, only for their owner', async () => {
  const theirs = await seedCustomer(server, 'Theirs', '+15550100002');
  const ids = async (url: string, key?: string) =>
    (await request('GET', url, key)).body.data.map(({ id }: { id: string }) => id);
  expect(await ids(`/v1/calls/${ours.call.id}/recordings`)).toEqual([ours.recording.id]);
  expect(await ids('/v1/recordings')).toEqual([ours.recording.id]);
  expect(await ids(`/v1/recordings?call_id=${theirs.call.id}`)).toEqual([]);
  expect(await ids('/v1/recordings?status=started')).toEqual([]);
  expect(await ids('/v1/recordings', ADMIN_TOKEN)).toHaveLength(2);
});

it('deletes a recording with its file once', async () => {
  const url = `/v1/recordings/${ours.recording.id}`;
  const response = await request('DELETE', url);
  expect(response).toMatchObject({ status: 204, text: '' });
  expect(existsSync(join(server.folder, ours.recording.file))).toBe(false);
  expect((await request('GET', url)).status).toBe(404);
  expect((await request('DELETE', url)).status).toBe(404);
});
