import { expect, test } from 'vitest';
import { ANSWER, established, leftovers, NOTHING, OFFER, pair } from './testing/pair.ts';
import { Peer } from './testing/peer.ts';
import { Scene } from './testing/scene.ts';

test('overload refuses new calls, and nothing of the running ones', async () => {
  const both = await pair({ maxTransactions: 1 });
  both.alice.gate = both.bob.gate = undefined;
  // Each side has its own limit: alice asks, and bob is the one that is overloaded.
  const { near, far } = await established(both);
  await both.clock.advance(40_000);
  const peer = await Peer.on(both);
  peer.send(peer.request('INVITE', { 'Call-ID': 'waits' }, OFFER));
  await both.clock.advance(20);
  const [, waiting] = both.invites;
  expect(waiting).toBeDefined();

  peer.send(peer.request('INVITE', { 'Call-ID': 'late', From: '<sip:x@10.0.0.9>;tag=late' }, OFFER));
  await both.clock.advance(20);
  expect(peer.responses('INVITE').at(-1)!.status).toBe(503);

  far.onOffer = () => ANSWER;
  const changed = near.reinvite(OFFER);
  const informed = near.info({ contentType: 'text/plain', content: '' });
  await both.clock.advance(100);
  expect(await changed).toBe(ANSWER);
  expect((await informed).status).toBe(200);

  peer.send(peer.request('CANCEL', { 'Call-ID': 'waits', Via: waiting!.request.headers.get('Via')! }));
  await both.clock.advance(20);
  expect(peer.responses('CANCEL').map(({ status }) => status)).toEqual([200]);
  expect(waiting!.pending).toBe(false);

  void near.bye();
  await both.clock.advance(100);
  expect(await far.ended).toMatchObject({ by: 'remote' });
  expect(both.wire.filter((line) => line === 'bob 503 INVITE')).toHaveLength(1);
  expect(await leftovers(both)).toEqual(NOTHING);
});

test('keeps nothing of requests that are challenged, or that belong to no call', async () => {
  const { both, peer } = await Scene.open();
  both.bob.gate = ({ method }) =>
    method === 'REGISTER' || method === 'INVITE' ? { status: 401 } : undefined;
  for (let n = 0; n < 50; n++) {
    peer.send(peer.request('REGISTER', { 'Call-ID': `r${n}` }));
    peer.send(peer.request('INVITE', { 'Call-ID': `i${n}` }, OFFER));
    peer.send(peer.request('BYE', { 'Call-ID': `b${n}`, To: '<sip:bob@10.0.0.2>;tag=none' }));
    peer.send(peer.request('CANCEL', { 'Call-ID': `c${n}` }));
  }
  await both.clock.advance(20);
  expect(both.bob.counters.open.transactions).toBe(0);
  const statuses = (method: string) => new Set(peer.responses(method).map(({ status }) => status));
  expect(['REGISTER', 'INVITE', 'BYE', 'CANCEL'].map(statuses)).toEqual(
    [401, 401, 481, 481].map((status) => new Set([status])),
  );
});

test('takes a CANCEL that has only what names its INVITE', async () => {
  const scene = await Scene.open();
  const request = await scene.invite();
  const fields = { Via: request.headers.get('Via')!, CSeq: '1 CANCEL', Contact: '<<<', 'Max-Forwards': 'x' };
  await scene.send(scene.peer.request('CANCEL', fields));
  expect(scene.statuses('CANCEL')).toEqual([200]);
  expect(scene.last().status).toBe(487);
});

test('takes a REGISTER with a To tag for a new request', async () => {
  const scene = await Scene.open();
  scene.both.bob.onRequest = () => ({ status: 200 });
  await scene.send(scene.peer.request('REGISTER', { To: '<sip:bob@10.0.0.2>;tag=old' }));
  expect(scene.statuses('REGISTER')).toEqual([200]);
});

test('answers a CANCEL with the tag that the INVITE has been answered with', async () => {
  for (const ring of [true, false]) {
    const scene = await Scene.open();
    const request = await scene.invite();
    if (ring) scene.invited.progress(180);
    await scene.send(scene.peer.request('CANCEL', { Via: request.headers.get('Via')!, CSeq: '1 CANCEL' }));
    const tags = [...scene.peer.responses('INVITE'), ...scene.peer.responses('CANCEL')]
      .filter(({ status }) => status > 100)
      .map(({ headers }) => /;tag=(.*)/.exec(headers.get('To')!)?.[1]);
    expect(tags).toHaveLength(ring ? 3 : 2);
    expect(new Set(tags).size).toBe(1);
    expect(tags[0]).toBeDefined();
  }
});
