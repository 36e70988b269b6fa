import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, startApp, systemPlatform } from '../../src/app/index.ts';
import { readConfig } from '../../src/config.ts';
import { type Defect, defects, silentLog } from '../../src/core/index.ts';
import { AppServer } from '../support/app-server.ts';
import { damaged, fillWithCalls, type Owner } from './data-folder.ts';

// The server starts and works with damaged rows in its database: it leaves them out one by one.

const ADMIN = 'the-operator';
const folder = mkdtempSync(join(tmpdir(), 'minivoice-damage-'));
const healthy = join(folder, 'healthy');
let app: AppServer;
let owner: Owner;
let key: string;
let openCallId: string;
let healthyIds: Set<string>;
const found: Defect[] = [];
defects.on((defect) => found.push(defect));

const start = (dataDir: string) =>
  startApp(
    readConfig({
      MINIVOICE_DATA_DIR: dataDir,
      MINIVOICE_HTTP_PORT: '0',
      MINIVOICE_SIP_PORT: '0',
      MINIVOICE_ADMIN_TOKEN: ADMIN,
      MINIVOICE_ALLOW_PRIVATE_URLS: 'true',
      MINIVOICE_RECOGNISER: 'off',
      MINIVOICE_MEDIA_WORKERS: '1',
    }),
    systemPlatform(silentLog),
  );

async function request(server: App, method: string, path: string, token: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(server.http + path, { method, headers, ...payload });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Fetches all rows of a list, nine at a time. */
async function list(server: App, path: string, token = ADMIN): Promise<{ id: string }[]> {
  const rows: { id: string }[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const where = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await request(server, 'GET', `${path}?limit=9${where}`, token);
    expect({ path, status, body }).toMatchObject({ status: 200 });
    rows.push(...body.data);
    cursor = body.next_cursor;
    expect(rows.length, `${path} ends`).toBeLessThan(2_000);
  }
  return rows;
}

beforeAll(async () => {
  app = await AppServer.start({ secret: 's3cret' });
  const server = await start(healthy);
  const create = async (path: string, body: object) => {
    const created = await request(server, 'POST', path, ADMIN, body);
    expect({ path, ...created }).toMatchObject({ status: 201 });
    return created.body;
  };
  const { id: customer_id } = await create('/admin/v1/customers', { name: 'Harbour Parcels' });
  const made = await create('/admin/v1/applications', {
    ...{ customer_id, name: 'Desk', answer_url: app.on('/answer', () => []) },
    ...{ webhook_url: app.webhookUrl, webhook_secret: 's3cret' },
  });
  owner = { customerId: customer_id, applicationId: made.id };
  key = made.api_key;
  await create('/admin/v1/dids', { application_id: made.id, number_e164: '+15550100042' });
  await create('/admin/v1/trunks', { customer_id, name: 'Carrier', proxy: '127.0.0.1:9', password: 'pst' });
  const phone = await request(server, 'POST', '/v1/phones', key, { username: 'desk' });
  expect(phone.status).toBe(201);
  const rate = { prefix: '+49', currency: 'EUR', price_per_minute: '0.01' };
  await create('/admin/v1/rates', rate);
  const money = { amount: '10.00', currency: 'EUR', note: 'first' };
  await create(`/admin/v1/customers/${customer_id}/balance-adjustments`, money);
  await server.stop(0);
  openCallId = await fillWithCalls(healthy, owner);
  healthyIds = new Set([openCallId]);
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** Checks everything that does not involve the damaged rows. */
async function expectWorking(server: App): Promise<void> {
  const [call] = (await list(server, '/v1/calls', key)).filter(({ id }) => healthyIds.has(id));
  expect(call).toBeDefined();
  for (const name of [
    '/v1/applications',
    '/v1/dids',
    '/v1/trunks',
    '/v1/phones',
    '/v1/events',
    '/v1/recordings',
  ])
    expect(await list(server, name, key), name).not.toEqual([]);
  for (const name of ['customers', 'applications', 'dids', 'trunks', 'rates'])
    expect(await list(server, `/admin/v1/${name}`), name).not.toEqual([]);
  for (const path of ['balance', 'limits', 'balance-adjustments'])
    expect(
      await request(server, 'GET', `/admin/v1/customers/${owner.customerId}/${path}`, ADMIN),
    ).toMatchObject({
      status: 200,
    });
  // The open call is ended, and its application gets the event.
  await app.next('call.failed', openCallId);
  const order = { from: '+15550100042', to: 'sip:nobody@127.0.0.1:9', answer_url: app.url('/answer') };
  expect(await request(server, 'POST', '/v1/calls', key, order)).toMatchObject({ status: 201 });
}

/** Checks that every row and its parts are returned, or reported as damaged. */
async function expectEveryRowReadable(server: App): Promise<void> {
  const statuses = new Set<string>();
  const paths: string[] = [];
  for (const table of ['calls', 'events', 'recordings'] as const) {
    const ids = (await list(server, `/v1/${table}`)).map(({ id }) => id);
    const damagedIds = (await quarantined(server, table)).map(({ id }) => id);
    for (const id of [...ids, ...damagedIds]) paths.push(`/v1/${table}/${encodeURIComponent(id)}`);
  }
  for (const path of [...paths])
    if (path.startsWith('/v1/calls/'))
      for (const part of ['timeline', 'events', 'recordings', 'ai', 'transcription'])
        paths.push(`${path}/${part}`);
  const check = async (path: string) => {
    const { status, body } = await request(server, 'GET', path, ADMIN);
    statuses.add(`${status} ${body.error?.code ?? ''}`.trim());
    if (status !== 200) expect(`${status} ${body.error.code}`, path).toMatch(/stored_row_unusable|not_found/);
  };
  await Promise.all(paths.map(check));
  expect(statuses).toContain('200');
}

async function quarantined(server: App, table?: string) {
  const { status, body } = await request(server, 'GET', '/admin/v1/quarantine?limit=200', ADMIN);
  expect(status).toBe(200);
  const rows = body.data as { table: string; id: string; reason: string }[];
  return rows.filter((row) => table === undefined || row.table === table);
}

/** Deletes one damaged row of each table, which affects only that row. */
async function expectDeletable(server: App): Promise<void> {
  const before = await quarantined(server);
  expect(before).not.toEqual([]);
  for (const row of before) expect(row).toMatchObject({ reason: expect.stringMatching(/\S/) });
  for (const { table, id } of new Map(before.map((row) => [row.table, row])).values()) {
    const path = `/admin/v1/quarantine/${table}/${encodeURIComponent(id)}`;
    if (id === '' || id.length > 200) continue;
    expect({ path, ...(await request(server, 'DELETE', path, ADMIN)) }).toMatchObject({ status: 204 });
    expect(await request(server, 'DELETE', path, ADMIN)).toMatchObject({ status: 404 });
  }
}

const BAD = {
  'meaningless text': 'garbage',
  'truncated JSON': '{"a":',
  'JSON of another type': '[[1]]',
  'an empty text': '',
  'control characters': 'a\r\nb\u0000c',
  'the largest integer': 9_223_372_036_854_775_807n,
  'a huge number': 1.5e300,
  'a negative number': -1,
  bytes: Buffer.from([0xff, 0x00, 0xfe]),
  null: null,
};

test.each(Object.entries(BAD))(
  'starts and serves all other rows with %s in every column of every table',
  async (what, bad) => {
    const copy = join(folder, what.replaceAll(' ', '-'));
    const rows = damaged(healthy, copy, bad);
    expect(rows).toBeGreaterThan(100);
    const server = await start(copy);
    try {
      await expectWorking(server);
      await expectEveryRowReadable(server);
      await expectDeletable(server);
    } finally {
      await server.stop(0);
    }
    expect(found.splice(0)).toEqual([]);
  },
  120_000,
);
