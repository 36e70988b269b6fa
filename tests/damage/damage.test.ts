import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, startProgram } from '../../src/app/index.ts';
import { readConfig } from '../../src/config.ts';
import { type Defect, defects, silentLog } from '../../src/core/index.ts';
import { AppServer } from '../support/app-server.ts';
import { damaged, fillWithCalls, type Owner } from './data-folder.ts';

// Stored rows that cannot be used are left out, one by one, and the real program starts and works without them.

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
  startProgram(
    readConfig({
      MINIVOICE_DATA_DIR: dataDir,
      MINIVOICE_HTTP_PORT: '0',
      MINIVOICE_SIP_PORT: '0',
      MINIVOICE_ADMIN_TOKEN: ADMIN,
      MINIVOICE_ALLOW_PRIVATE_URLS: 'true',
      MINIVOICE_RECOGNISER: 'off',
      MINIVOICE_MEDIA_WORKERS: '1',
    }),
    silentLog,
  );

async function ask(program: Program, method: string, path: string, token: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(program.http + path, { method, headers, ...payload });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** All rows of a list, nine at a time. */
async function listed(program: Program, path: string, token = ADMIN): Promise<{ id: string }[]> {
  const rows: { id: string }[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const where = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await ask(program, 'GET', `${path}?limit=9${where}`, token);
    expect({ path, status, body }).toMatchObject({ status: 200 });
    rows.push(...body.data);
    cursor = body.next_cursor;
    expect(rows.length, `${path} ends`).toBeLessThan(2_000);
  }
  return rows;
}

beforeAll(async () => {
  app = await AppServer.start({ secret: 's3cret' });
  const program = await start(healthy);
  const create = async (path: string, body: object) => {
    const answer = await ask(program, 'POST', path, ADMIN, body);
    expect({ path, ...answer }).toMatchObject({ status: 201 });
    return answer.body;
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
  const phone = await ask(program, 'POST', '/v1/phones', key, { username: 'desk' });
  expect(phone.status).toBe(201);
  const rate = { prefix: '+49', currency: 'EUR', price_per_minute: '0.01' };
  await create('/admin/v1/rates', rate);
  const money = { amount: '10.00', currency: 'EUR', note: 'first' };
  await create(`/admin/v1/customers/${customer_id}/balance-adjustments`, money);
  await program.stop(0);
  openCallId = await fillWithCalls(healthy, owner);
  healthyIds = new Set([openCallId]);
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** Everything that has nothing to do with the damaged rows. */
async function expectWorking(program: Program): Promise<void> {
  const [call] = (await listed(program, '/v1/calls', key)).filter(({ id }) => healthyIds.has(id));
  expect(call).toBeDefined();
  for (const list of [
    '/v1/applications',
    '/v1/dids',
    '/v1/trunks',
    '/v1/phones',
    '/v1/events',
    '/v1/recordings',
  ])
    expect(await listed(program, list, key), list).not.toEqual([]);
  for (const list of ['customers', 'applications', 'dids', 'trunks', 'rates'])
    expect(await listed(program, `/admin/v1/${list}`), list).not.toEqual([]);
  for (const path of ['balance', 'limits', 'balance-adjustments'])
    expect(await ask(program, 'GET', `/admin/v1/customers/${owner.customerId}/${path}`, ADMIN)).toMatchObject(
      {
        status: 200,
      },
    );
  // The open call is ended and reported to its application.
  await app.next('call.failed', openCallId);
  const order = { from: '+15550100042', to: 'sip:nobody@127.0.0.1:9', answer_url: app.url('/answer') };
  expect(await ask(program, 'POST', '/v1/calls', key, order)).toMatchObject({ status: 201 });
}

/** Every row, and all that hangs on it, is answered, or named as damaged; nothing fails otherwise. */
async function expectEveryRowAnswers(program: Program): Promise<void> {
  const statuses = new Set<string>();
  const paths: string[] = [];
  for (const table of ['calls', 'events', 'recordings'] as const) {
    const ids = (await listed(program, `/v1/${table}`)).map(({ id }) => id);
    const damagedIds = (await quarantined(program, table)).map(({ id }) => id);
    for (const id of [...ids, ...damagedIds]) paths.push(`/v1/${table}/${encodeURIComponent(id)}`);
  }
  for (const path of [...paths])
    if (path.startsWith('/v1/calls/'))
      for (const part of ['timeline', 'events', 'recordings', 'ai', 'transcription'])
        paths.push(`${path}/${part}`);
  const check = async (path: string) => {
    const { status, body } = await ask(program, 'GET', path, ADMIN);
    statuses.add(`${status} ${body.error?.code ?? ''}`.trim());
    if (status !== 200) expect(`${status} ${body.error.code}`, path).toMatch(/stored_row_unusable|not_found/);
  };
  await Promise.all(paths.map(check));
  expect(statuses).toContain('200');
}

async function quarantined(program: Program, table?: string) {
  const { status, body } = await ask(program, 'GET', '/admin/v1/quarantine?limit=200', ADMIN);
  expect(status).toBe(200);
  const rows = body.data as { table: string; id: string; reason: string }[];
  return rows.filter((row) => table === undefined || row.table === table);
}

/** One row of each table is deleted, and only that one is gone. */
async function expectRemedy(program: Program): Promise<void> {
  const before = await quarantined(program);
  expect(before).not.toEqual([]);
  for (const row of before) expect(row).toMatchObject({ reason: expect.stringMatching(/\S/) });
  for (const { table, id } of new Map(before.map((row) => [row.table, row])).values()) {
    const path = `/admin/v1/quarantine/${table}/${encodeURIComponent(id)}`;
    if (id === '' || id.length > 200) continue;
    expect({ path, ...(await ask(program, 'DELETE', path, ADMIN)) }).toMatchObject({ status: 204 });
    expect(await ask(program, 'DELETE', path, ADMIN)).toMatchObject({ status: 404 });
  }
}

const BAD = {
  'text that means nothing': 'garbage',
  'JSON that was cut off': '{"a":',
  'JSON of another shape': '[[1]]',
  'an empty text': '',
  'control characters': 'a\r\nb\u0000c',
  'the largest integer': 9_223_372_036_854_775_807n,
  'a huge number': 1.5e300,
  'a negative number': -1,
  octets: Buffer.from([0xff, 0x00, 0xfe]),
  nothing: null,
};

test.each(Object.entries(BAD))(
  'starts, and works for everybody else, with %s in every column of every table',
  async (what, bad) => {
    const copy = join(folder, what.replaceAll(' ', '-'));
    const rows = damaged(healthy, copy, bad);
    expect(rows).toBeGreaterThan(100);
    const program = await start(copy);
    try {
      await expectWorking(program);
      await expectEveryRowAnswers(program);
      await expectRemedy(program);
    } finally {
      await program.stop(0);
    }
    expect(found.splice(0)).toEqual([]);
  },
  120_000,
);
