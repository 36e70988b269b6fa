import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../core/index.ts';
import { createUserAgent } from '../sip/index.ts';
import { createResponse, parseMessage, type SipRequest, serialize } from '../sip/message/index.ts';
import { established, type Pair, pair } from '../sip/testing/pair.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { openPendingByes } from './pending-byes.ts';

let folder: string;
let both: Pair;
let store: Storage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-farewells-'));
  both = await pair();
  store = await openSqliteStorage({ file: join(folder, 'db'), clock: both.clock, hasWebhook: () => false });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Alice again, after a crash: on another port, knowing nothing. */
async function reborn() {
  const { clock, network } = both;
  const options = { clock, network, random: seededRandom(9), log: silentLog, userAgent: 'test' };
  const agent = createUserAgent({ ...options, host: '10.0.0.1', port: 5070 });
  await agent.listen();
  return agent;
}

test.each(['alice', 'bob'] as const)('after a crash of %s the other side is hung up on', async (who) => {
  await openPendingByes({ userAgent: both[who], store, login: () => undefined, log: silentLog });
  const { near, far } = await established(both);
  await both.clock.advance(100);
  // The one of before says nothing any more.
  both.network.passes = ({ from }) =>
    from.port !== 5060 || from.address !== (who === 'alice' ? '10.0.0.1' : '10.0.0.2');
  const said = (
    await openPendingByes({ userAgent: await reborn(), store, login: () => undefined, log: silentLog })
  )();
  await both.clock.advance(1000);
  await said;
  expect(await (who === 'alice' ? far : near).ended).toMatchObject({ by: 'remote' });
  expect(await store.pendingByes()).toEqual([]);
});

test('a call that has ended needs no farewell', async () => {
  await openPendingByes({ userAgent: both.alice, store, login: () => undefined, log: silentLog });
  const { far } = await established(both);
  await both.clock.advance(100);
  expect(await store.pendingByes()).toHaveLength(1);
  void far.bye();
  await both.clock.advance(1000);
  expect(await store.pendingByes()).toEqual([]);
});

/** A carrier at 10.0.0.3 that answers no BYE without credentials. @returns the CSeq and user name of each. */
async function carrier(): Promise<string[]> {
  const asked: string[] = [];
  const datagrams = await both.network.bind({ address: '10.0.0.3', port: 5060 }, (data, from) => {
    const request = parseMessage(data) as SipRequest;
    const authorization = request.headers.get('Proxy-Authorization');
    asked.push(`${request.headers.get('CSeq')} ${/username="(\w+)"/.exec(authorization ?? '')?.[1]}`);
    const response = createResponse(request, authorization ? 200 : 407);
    response.headers.append('Proxy-Authenticate', 'Digest realm="carrier", nonce="1", algorithm=MD5');
    datagrams.send(serialize(response), from);
  });
  return asked;
}

test('a peer that asks who we are is told, by the login that the call had', async () => {
  const asked = await carrier();
  const ids = { callId: 'a', from: '<sip:a@10.0.0.1>;tag=1', to: '<sip:b@10.0.0.3>;tag=2', seq: 1001 };
  const target = 'sip:b@10.0.0.3';
  const pendingBye = { method: 'BYE', target, destination: target, ...ids, headers: [], account: 'gateway' };
  await store.keepPendingBye('a', pendingBye);
  const login = (account: string) => ({ username: account, password: 'secret' });
  const said = (await openPendingByes({ userAgent: await reborn(), store, login, log: silentLog }))();
  await both.clock.advance(1000);
  await said;
  expect(asked).toEqual(['1001 BYE undefined', '1002 BYE gateway']);
  expect(await store.pendingByes()).toEqual([]);
});

test('a peer that has moved is hung up on where it is now', async () => {
  await openPendingByes({ userAgent: both.alice, store, login: () => undefined, log: silentLog });
  const { near } = await established(both);
  const moved = { ...near.pendingBye, target: 'sip:bob@10.0.0.9' };
  both.alice.dialogs.moved.emit({ ...near, callId: near.callId, localTag: near.localTag, pendingBye: moved });
  await both.clock.advance(100);
  expect(await store.pendingByes()).toMatchObject([{ pendingBye: { target: 'sip:bob@10.0.0.9' } }]);
});

/** What arrives at 10.0.0.66, a machine beside us that no peer out in the world may reach. */
async function inside(): Promise<string[]> {
  const heard: string[] = [];
  await both.network.bind({ address: '10.0.0.66', port: 5060 }, (data) =>
    heard.push(data.toString('latin1')),
  );
  return heard;
}

/** What a crash has left of a call whose other side was met at `peer` and named itself `host`. */
async function leave(host: string, peer: string): Promise<void> {
  const target = `sip:x@${host}`;
  const ids = { callId: 'a', from: '<sip:a@10.0.0.1>;tag=1', to: '<sip:x@world.test>;tag=2', seq: 1001 };
  const met = { transport: 'udp', address: peer, port: 5060 };
  const left = { method: 'BYE', target, destination: target, peer: met, ...ids, headers: [] };
  await store.keepPendingBye('a', left);
}

test.each([
  ['a host name', 'inside.test'],
  ['an address', '10.0.0.66'],
])('after a crash a public peer does not lead the BYE to a private address: by %s', async (_, host) => {
  both.network.names.set('inside.test', ['10.0.0.66']);
  const heard = await inside();
  const world: string[] = [];
  await both.network.bind({ address: '203.0.114.9', port: 5060 }, (data) =>
    world.push(data.toString('latin1')),
  );
  await leave(host, '203.0.114.9');
  const said = (
    await openPendingByes({ userAgent: await reborn(), store, login: () => undefined, log: silentLog })
  )();
  await both.clock.advance(40_000);
  await said;
  expect(heard).toEqual([]);
  expect(world[0]).toMatch(/^BYE sip:x@/);
});

test('after a crash a peer in our own network may name others in it', async () => {
  both.network.names.set('inside.test', ['10.0.0.66']);
  const heard = await inside();
  await leave('inside.test', '10.0.0.9');
  const said = (
    await openPendingByes({ userAgent: await reborn(), store, login: () => undefined, log: silentLog })
  )();
  await both.clock.advance(40_000);
  await said;
  expect(heard[0]).toMatch(/^BYE sip:x@/);
});

test('what is kept of a call says where its peer was met', async () => {
  await openPendingByes({ userAgent: both.alice, store, login: () => undefined, log: silentLog });
  await established(both);
  await both.clock.advance(100);
  expect(await store.pendingByes()).toMatchObject([{ pendingBye: { peer: { address: '10.0.0.2' } } }]);
});
