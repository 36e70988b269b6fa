import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { RawPeer } from '../tests/chaos/raw-peer.ts';
import { launchByNpm, Server } from './support/server.ts';

const DRAINING = 'stopping: no new calls';
const AT_ONCE = 'stopping at once';

let server: Server;
let phone: RawPeer;

beforeAll(() => {
  // Otherwise `npm start` would reinstall the packages while other tests use them.
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (readFileSync('node_modules/.installed', 'utf8') !== lock)
    throw new Error('node_modules is not as package-lock.json says: run node scripts/ensure.mjs --tests');
});

beforeEach(async () => {
  phone = await RawPeer.open();
});

afterEach(async () => {
  phone.close();
  server.killGroup();
  await rm(server.dataDir, { recursive: true, force: true });
});

/** Starts the server as users do, with a ringing call, so that draining takes time. */
async function start(env: Record<string, string> = {}): Promise<{ ended: Promise<unknown[]> }> {
  server = await Server.start({ launch: launchByNpm, env: { MINIVOICE_DRAIN_SECONDS: '60', ...env } });
  const { apiKey } = await server.application({ answer_url: 'http://127.0.0.1:9/' }, '+15550000001');
  const order = { from: '+15550000001', to: phone.uri, timeout_seconds: 50 };
  await server.request('POST', '/v1/calls', apiKey, order);
  const { port } = server.sip;
  const invite = await phone.hear('INVITE');
  phone.answer(invite, 180, { port });
  const canceled = phone.hear('CANCEL').then(() => phone.answer(invite, 487, { port }));
  canceled.catch(() => {});
  // Emitted when neither npm, nor its shell, nor the server holds the output any longer.
  return { ended: once(server.process, 'close') };
}

const count = (text: string) => server.log.filter((line) => line.includes(text)).length;

async function drainsOnce(ended: Promise<unknown[]>): Promise<void> {
  await server.logged(DRAINING);
  expect(await ended).toEqual([0, null]);
  expect([count(DRAINING), count(AT_ONCE), count('"stopped"')]).toEqual([1, 0, 1]);
}

it.each(['/bin/sh', '/bin/bash'])(
  'drains and ends the server when npm with %s receives SIGTERM',
  async (npm_config_script_shell) => {
    const { ended } = await start({ npm_config_script_shell, MINIVOICE_DRAIN_SECONDS: '1' });
    process.kill(server.pid, 'SIGTERM');
    await drainsOnce(ended);
  },
);

it.each(['SIGINT', 'SIGTERM'] as const)('takes %s to the process group as one request', async (signal) => {
  const { ended } = await start({ MINIVOICE_DRAIN_SECONDS: '1' });
  process.kill(-server.pid, signal);
  await drainsOnce(ended);
});

it('hangs up at once when npm receives a second signal', async () => {
  const { ended } = await start();
  process.kill(server.pid, 'SIGTERM');
  await server.logged(DRAINING);
  process.kill(server.pid, 'SIGINT');
  await server.logged(AT_ONCE);
  expect(await ended).toEqual([0, null]);
});
