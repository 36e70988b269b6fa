import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../core/index.ts';
import { createUserAgent } from '../sip/index.ts';
import { createResponse, parseMessage, type SipRequest, serialize } from '../sip/message/index.ts';
import { establishCall, openPair, type Pair } from '../sip/testing/pair.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { openPendingByes } from './pending-byes.ts';

let folder: string;
let pair: Pair;
let store: Storage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-pending-byes-'));
  pair = await openPair();
  store = await openSqliteStorage({ file: join(folder, 'db'), clock: pair.clock, hasWebhook: () => false });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Alice after a crash: on another port, without state. */
async function restarted() {
  const { clock, network } = pair;
  const options = { clock, network, random: seededRandom(9), log: silentLog, userAgent: 'test' };
  const agent = createUserAgent({ ...options, host: '10.0.0.1', port: 5070 });
  await agent.listen();
  return agent;
}

test.each(['alice', 'bob'] as const)('hangs up on the peer after a crash of %s', async (who) => {
  await openPendingByes({ userAgent: pair[who], store, login: () => undefined, log: silentLog });
  const { near, far } = await establishCall(pair);
  await pair.clock.advance(100);
  // The crashed user agent sends nothing.
  pair.network.filter = ({ from }) =>
    from.port !== 5060 || from.address !== (who === 'alice' ? '10.0.0.1' : '10.0.0.2');
  const sent = (
    await openPendingByes({ userAgent: await restarted(), store, login: () => undefined, log: silentLog })
  )();
  await pair.clock.advance(1000);
  await sent;
  expect(await (who === 'alice' ? far : near).ended).toMatchObject({ by: 'remote' });
  expect(await store.pendingByes()).toEqual([]);
});

test('keeps no pending BYE of a call that has ended', async () => {
  await openPendingByes({ userAgent: pair.alice, store, login: () => undefined, log: silentLog });
  const { far } = await establishCall(pair);
  await pair.clock.advance(100);
  expect(await store.pendingByes()).toHaveLength(1);
  void far.bye();
  await pair.clock.advance(1000);
  expect(await store.pendingByes()).toEqual([]);
});

/** A carrier at 10.0.0.3 that challenges every BYE. @returns the CSeq and user name of each request. */
async function carrier(): Promise<string[]> {
  const requests: string[] = [];
  const datagrams = await pair.network.bind({ address: '10.0.0.3', port: 5060 }, (data, from) => {
    const request = parseMessage(data) as SipRequest;
    const authorization = request.headers.get('Proxy-Authorization');
    requests.push(`${request.headers.get('CSeq')} ${/username="(\w+)"/.exec(authorization ?? '')?.[1]}`);
    const response = createResponse(request, authorization ? 200 : 407);
    response.headers.append('Proxy-Authenticate', 'Digest realm="carrier", nonce="1", algorithm=MD5');
    datagrams.send(serialize(response), from);
  });
  return requests;
}

test('authenticates with the account of the call', async () => {
  const requests = await carrier();
  const ids = { callId: 'a', from: '<sip:a@10.0.0.1>;tag=1', to: '<sip:b@10.0.0.3>;tag=2', seq: 1001 };
  const target = 'sip:b@10.0.0.3';
  const pendingBye = { method: 'BYE', target, destination: target, ...ids, headers: [], account: 'gateway' };
  await store.keepPendingBye('a', pendingBye);
  const login = (account: string) => ({ username: account, password: 'secret' });
  const sent = (await openPendingByes({ userAgent: await restarted(), store, login, log: silentLog }))();
  await pair.clock.advance(1000);
  await sent;
  expect(requests).toEqual(['1001 BYE undefined', '1002 BYE gateway']);
  expect(await store.pendingByes()).toEqual([]);
});

test('stores the new remote target of a peer that has moved', async () => {
  await openPendingByes({ userAgent: pair.alice, store, login: () => undefined, log: silentLog });
  const { near } = await establishCall(pair);
  const moved = { ...near.pendingBye, target: 'sip:bob@10.0.0.9' };
  pair.alice.dialogs.moved.emit({ ...near, callId: near.callId, localTag: near.localTag, pendingBye: moved });
  await pair.clock.advance(100);
  expect(await store.pendingByes()).toMatchObject([{ pendingBye: { target: 'sip:bob@10.0.0.9' } }]);
});

/** Collects the datagrams at 10.0.0.66, a private address that public peers must not reach. */
async function privateHost(): Promise<string[]> {
  const received: string[] = [];
  await pair.network.bind({ address: '10.0.0.66', port: 5060 }, (data) =>
    received.push(data.toString('latin1')),
  );
  return received;
}

/** Stores the BYE of a call with a peer at address `peer` whose Contact names `host`. */
async function storeBye(host: string, peer: string): Promise<void> {
  const target = `sip:x@${host}`;
  const ids = { callId: 'a', from: '<sip:a@10.0.0.1>;tag=1', to: '<sip:x@world.test>;tag=2', seq: 1001 };
  const hop = { transport: 'udp', address: peer, port: 5060 };
  const left = { method: 'BYE', target, destination: target, peer: hop, ...ids, headers: [] };
  await store.keepPendingBye('a', left);
}

test.each([
  ['a host name', 'inside.test'],
  ['an address', '10.0.0.66'],
])('does not send the BYE of a public peer to a private address: %s', async (_, host) => {
  pair.network.names.set('inside.test', ['10.0.0.66']);
  const received = await privateHost();
  const publicPeer: string[] = [];
  await pair.network.bind({ address: '203.0.114.9', port: 5060 }, (data) =>
    publicPeer.push(data.toString('latin1')),
  );
  await storeBye(host, '203.0.114.9');
  const sent = (
    await openPendingByes({ userAgent: await restarted(), store, login: () => undefined, log: silentLog })
  )();
  await pair.clock.advance(40_000);
  await sent;
  expect(received).toEqual([]);
  expect(publicPeer[0]).toMatch(/^BYE sip:x@/);
});

test('sends the BYE of a private peer to another private address', async () => {
  pair.network.names.set('inside.test', ['10.0.0.66']);
  const received = await privateHost();
  await storeBye('inside.test', '10.0.0.9');
  const sent = (
    await openPendingByes({ userAgent: await restarted(), store, login: () => undefined, log: silentLog })
  )();
  await pair.clock.advance(40_000);
  await sent;
  expect(received[0]).toMatch(/^BYE sip:x@/);
});

test('stores the address of the peer', async () => {
  await openPendingByes({ userAgent: pair.alice, store, login: () => undefined, log: silentLog });
  await establishCall(pair);
  await pair.clock.advance(100);
  expect(await store.pendingByes()).toMatchObject([{ pendingBye: { peer: { address: '10.0.0.2' } } }]);
});
