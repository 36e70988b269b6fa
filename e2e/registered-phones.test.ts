import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCertificate } from '../src/net/testing/certificate.ts';
import { until } from '../tests/support/until.ts';
import { Baresip, type Login } from './support/baresip.ts';
import { Harness, type Line } from './support/harness.ts';
import { freePort, missing } from './support/peers.ts';

let harness: Harness;
let tlsPort: number;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'minivoice-tls-'));
  await writeFile(join(folder, 'cert.pem'), testCertificate.cert);
  await writeFile(join(folder, 'key.pem'), testCertificate.key);
  tlsPort = freePort();
  harness = await Harness.open({
    MINIVOICE_SIP_TLS_PORT: String(tlsPort),
    MINIVOICE_SIP_TLS_CERT: join(folder, 'cert.pem'),
    MINIVOICE_SIP_TLS_KEY: join(folder, 'key.pem'),
  });
});

afterAll(async () => {
  await harness.close();
  await rm(folder, { recursive: true });
});

const serverAddress = (transport = 'udp') =>
  `127.0.0.1:${transport === 'tls' ? tlsPort : harness.server.sip.port}`;

/** Creates a phone of the line's customer. @returns its credentials. */
async function credentials(line: Line, username: string, transport: string): Promise<Login & { id: string }> {
  const { status, body } = await line.ask('POST', '/v1/phones', { username });
  expect(status).toBe(201);
  return {
    id: body['id'],
    username: body['username'],
    password: body['password'],
    at: serverAddress(transport),
  };
}

/** Creates a phone and waits until it is registered. */
async function phone(line: Line, username: string, hz: number, transport: Login['transport'] = 'udp') {
  const login = await credentials(line, username, transport);
  const phone = await Baresip.start({ hz, login: { ...login, transport } });
  await until(
    async () => (await line.get(`/v1/phones/${login.id}`))['registered'],
    `${username} is registered`,
  );
  return phone;
}

describe.skipIf(missing.baresip)(`a registered phone ${missing.baresip ?? ''}`, { concurrent: true }, () => {
  it.each(['udp', 'tcp', 'tls'] as const)('answers a call of the application over %s', async (transport) => {
    // Audio that is still in the phone's buffer at the end of the call is missing in its file.
    const line = await harness.line([
      { play: { url: harness.tone(1000, 800) } },
      { pause: { seconds: 0.3 } },
    ]);
    const anna = await phone(line, `anna-${transport}`, 440, transport);
    const { status, body } = await line.ask('POST', '/v1/calls', {
      from: line.number,
      to: `sip:anna-${transport}@${serverAddress()}`,
      record: true,
    });
    expect(status).toBe(201);
    await harness.app.next('call.completed', body['id']);
    const heard = await anna.heard();
    await anna.close();
    expect(heard.heardMs(0, 1000)).toBeGreaterThanOrEqual(780);
  });

  it('calls a number of its customer and shows its name', async () => {
    const line = await harness.line([{ play: { url: harness.tone(1000, 400) } }]);
    const berta = await phone(line, 'berta', 440);
    await berta.dial(line.uri);
    const call = await line.arrived();
    await call.next('call.completed');
    expect(await call.read()).toMatchObject({ from: 'berta', to: line.number, status: 'completed' });
    await berta.close();
  });

  it('talks with another phone of its customer', async () => {
    const line = await harness.line([]);
    const [clara, dora] = await Promise.all([phone(line, 'clara', 440), phone(line, 'dora', 1000)]);
    await clara.dial(`sip:dora@${serverAddress()}`);
    await Promise.all([clara.listens(2000), dora.listens(2000)]);
    await clara.hangUp();
    await dora.next('CALL_CLOSED');
    const [atClara, atDora] = [await clara.heard(), await dora.heard()];
    await Promise.all([clara.close(), dora.close()]);
    expect(atClara.heardMs(0, 1000)).toBeGreaterThanOrEqual(1000);
    expect(atDora.heardMs(0, 440)).toBeGreaterThanOrEqual(1000);
  });

  it('talks with a caller over a bridge', async () => {
    // With another name of this server than the one that the phone has registered with.
    const local = serverAddress().replace('127.0.0.1', 'localhost');
    const line = await harness.line([{ bridge: { destination: `sip:emma@${local}` } }]);
    const emma = await phone(line, 'emma', 1000);
    const caller = await Baresip.start({ hz: 440 });
    await caller.dial(line.uri);
    const call = await line.arrived();
    await emma.next('CALL_ESTABLISHED');
    await Promise.all([caller.listens(2000), emma.listens(2000)]);
    await emma.hangUp();
    await call.next('call.completed');
    const [atCaller, atEmma] = [await caller.heard(), await emma.heard()];
    await Promise.all([caller.close(), emma.close()]);
    expect(atCaller.heardMs(0, 1000)).toBeGreaterThanOrEqual(1000);
    expect(atEmma.heardMs(0, 440)).toBeGreaterThanOrEqual(1000);
  });
});

it('registers with a trunk until the trunk is deleted', async () => {
  const line = await harness.line([]);
  // The carrier is this server itself, which sees a phone.
  const { id, username, password } = await credentials(line, 'carrier', 'udp');
  const trunk = { name: 'Carrier', proxy: serverAddress(), username, password, register: true };
  const { status, body } = await line.ask('POST', '/v1/trunks', trunk);
  expect(status).toBe(201);
  const both = () => Promise.all([line.get(`/v1/trunks/${body['id']}`), line.get(`/v1/phones/${id}`)]);
  await expect.poll(async () => (await both()).map((each) => each['registered'])).toEqual([true, true]);
  expect((await line.ask('DELETE', `/v1/trunks/${body['id']}`)).status).toBe(204);
  await expect.poll(async () => (await line.get(`/v1/phones/${id}`))['registered']).toBe(false);
});
