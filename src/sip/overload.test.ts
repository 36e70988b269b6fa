import { expect, test } from 'vitest';
import { UasHarness } from './testing/harness.ts';
import { ANSWER, establishCall, NONE_OPEN, OFFER, openPair, openResources } from './testing/pair.ts';
import { Peer } from './testing/peer.ts';

test('overload refuses new calls, but no request of existing calls', async () => {
  const pair = await openPair({ maxTransactions: 1 });
  pair.alice.screenRequest = pair.bob.screenRequest = undefined;
  // Each side has its own limit; only bob is overloaded.
  const { near, far } = await establishCall(pair);
  await pair.clock.advance(40_000);
  const peer = await Peer.listen(pair);
  peer.send(peer.request('INVITE', { 'Call-ID': 'waits' }, OFFER));
  await pair.clock.advance(20);
  const [, waiting] = pair.invites;
  expect(waiting).toBeDefined();

  peer.send(peer.request('INVITE', { 'Call-ID': 'late', From: '<sip:x@10.0.0.9>;tag=late' }, OFFER));
  await pair.clock.advance(20);
  expect(peer.responses('INVITE').at(-1)!.status).toBe(503);

  far.onOffer = () => ANSWER;
  const changed = near.reinvite(OFFER);
  const informed = near.info({ contentType: 'text/plain', content: '' });
  await pair.clock.advance(100);
  expect(await changed).toBe(ANSWER);
  expect((await informed).status).toBe(200);

  peer.send(peer.request('CANCEL', { 'Call-ID': 'waits', Via: waiting!.request.headers.get('Via')! }));
  await pair.clock.advance(20);
  expect(peer.responses('CANCEL').map(({ status }) => status)).toEqual([200]);
  expect(waiting!.pending).toBe(false);

  void near.bye();
  await pair.clock.advance(100);
  expect(await far.ended).toMatchObject({ by: 'remote' });
  expect(pair.wire.filter((line) => line === 'bob 503 INVITE')).toHaveLength(1);
  expect(await openResources(pair)).toEqual(NONE_OPEN);
});

test('keeps no state of requests that are challenged, or that belong to no call', async () => {
  const { pair, peer } = await UasHarness.open();
  pair.bob.screenRequest = ({ method }) =>
    method === 'REGISTER' || method === 'INVITE' ? { status: 401 } : undefined;
  for (let n = 0; n < 50; n++) {
    peer.send(peer.request('REGISTER', { 'Call-ID': `r${n}` }));
    peer.send(peer.request('INVITE', { 'Call-ID': `i${n}` }, OFFER));
    peer.send(peer.request('BYE', { 'Call-ID': `b${n}`, To: '<sip:bob@10.0.0.2>;tag=none' }));
    peer.send(peer.request('CANCEL', { 'Call-ID': `c${n}` }));
  }
  await pair.clock.advance(20);
  expect(pair.bob.counters.open.transactions).toBe(0);
  const statuses = (method: string) => new Set(peer.responses(method).map(({ status }) => status));
  expect(['REGISTER', 'INVITE', 'BYE', 'CANCEL'].map(statuses)).toEqual(
    [401, 401, 481, 481].map((status) => new Set([status])),
  );
});

test('accepts a CANCEL with only the fields that identify its INVITE', async () => {
  const uas = await UasHarness.open();
  const request = await uas.invite();
  const fields = { Via: request.headers.get('Via')!, CSeq: '1 CANCEL', Contact: '<<<', 'Max-Forwards': 'x' };
  await uas.send(uas.peer.request('CANCEL', fields));
  expect(uas.statuses('CANCEL')).toEqual([200]);
  expect(uas.lastResponse().status).toBe(487);
});

test('treats a REGISTER with a To tag as request outside of dialogs', async () => {
  const uas = await UasHarness.open();
  uas.pair.bob.onRequest = () => ({ status: 200 });
  await uas.send(uas.peer.request('REGISTER', { To: '<sip:bob@10.0.0.2>;tag=old' }));
  expect(uas.statuses('REGISTER')).toEqual([200]);
});

test('answers a CANCEL with the To tag of the responses to its INVITE', async () => {
  for (const ring of [true, false]) {
    const uas = await UasHarness.open();
    const request = await uas.invite();
    if (ring) uas.lastInvite.progress(180);
    await uas.send(uas.peer.request('CANCEL', { Via: request.headers.get('Via')!, CSeq: '1 CANCEL' }));
    const tags = [...uas.peer.responses('INVITE'), ...uas.peer.responses('CANCEL')]
      .filter(({ status }) => status > 100)
      .map(({ headers }) => /;tag=(.*)/.exec(headers.get('To')!)?.[1]);
    expect(tags).toHaveLength(ring ? 3 : 2);
    expect(new Set(tags).size).toBe(1);
    expect(tags[0]).toBeDefined();
  }
});
