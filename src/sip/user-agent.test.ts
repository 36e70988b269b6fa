import { expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../core/index.ts';
import { systemNetwork } from '../net/index.ts';
import { ANSWER, establishCall, NONE_OPEN, OFFER, openPair, openResources } from './testing/pair.ts';
import { createUserAgent } from './user-agent.ts';

const REAL = {
  clock: systemClock,
  random: systemRandom,
  network: systemNetwork,
  log: silentLog,
  host: '127.0.0.1',
  port: 0,
  userAgent: 'test',
};

test('a call is established and ended, and leaves nothing open', async () => {
  const pair = await openPair();
  const { near, far } = await establishCall(pair);
  expect(pair.wire).toEqual(['alice INVITE', 'bob 200 INVITE', 'alice ACK']);
  expect(pair.invites[0]!.offer).toBe(OFFER);
  const bye = near.bye();
  await pair.clock.advance(50);
  await bye;
  expect(await near.ended).toMatchObject({ by: 'local' });
  expect(await far.ended).toMatchObject({ by: 'remote' });
  expect(await openResources(pair)).toEqual(NONE_OPEN);
});

test('OPTIONS outside of a call is answered with our capabilities', async () => {
  const pair = await openPair();
  const answer = pair.alice.request({
    method: 'OPTIONS',
    target: 'sip:bob@10.0.0.2',
    from: 'sip:alice@10.0.0.1',
  });
  await pair.clock.advance(20);
  const { status, headers } = await answer;
  expect(status).toBe(200);
  expect(headers.get('Allow')).toBe('INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, OPTIONS');
  expect(headers.get('Accept')).toBe('application/sdp');
  expect(await openResources(pair)).toEqual(NONE_OPEN);
});

test('other requests outside of calls go to onRequest; without it they get 405, or 481 if they need a dialog', async () => {
  const pair = await openPair();
  const ask = async (method: string) => {
    const answer = pair.alice.request({ method, target: 'sip:bob@10.0.0.2', from: 'sip:alice@10.0.0.1' });
    await pair.clock.advance(20);
    return (await answer).status;
  };
  expect([await ask('REGISTER'), await ask('INFO')]).toEqual([405, 481]);
  pair.bob.onRequest = (request) => ({ status: request.method === 'REGISTER' ? 200 : 405 });
  expect([await ask('REGISTER'), await ask('PUBLISH')]).toEqual([200, 405]);
  pair.bob.onRequest = () => Promise.reject(new Error('a defect'));
  expect(await ask('REGISTER')).toBe(500);
});

test('screening refuses requests, or drops them without response', async () => {
  const pair = await openPair();
  let verdict: ReturnType<NonNullable<typeof pair.bob.screenRequest>> = { status: 403 };
  pair.bob.screenRequest = () => verdict;
  const call = () =>
    pair.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:alice@10.0.0.1', sdp: OFFER }).result;
  const refused = call();
  await pair.clock.advance(100);
  expect(await refused).toMatchObject({ status: 403 });
  verdict = 'silence';
  const silenced = call();
  await pair.clock.advance(32_000);
  expect(await silenced).toMatchObject({ status: 408 });
  expect(pair.wire.filter((each) => each.startsWith('bob'))).toEqual(['bob 403 INVITE']);
  expect(pair.invites).toHaveLength(0);
  expect(await openResources(pair)).toEqual(NONE_OPEN);
});

test('closing ends calls with BYE, incoming ones with 503, and outgoing ones with CANCEL', async () => {
  const pair = await openPair();
  const { near, far } = await establishCall(pair);
  const outgoing = pair.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:carol@10.0.0.1', sdp: OFFER });
  const incoming = pair.bob.invite({ target: 'sip:alice@10.0.0.1', from: 'sip:dave@10.0.0.2', sdp: OFFER });
  pair.alice.onInvite = (invite) => invite.progress(180);
  await pair.clock.advance(300);
  const closing = pair.alice.close();
  await pair.clock.advance(100);
  await closing;
  expect([(await near.ended).by, (await far.ended).by]).toEqual(['local', 'remote']);
  expect(await outgoing.result).toMatchObject({ status: 487 });
  expect(await incoming.result).toMatchObject({ status: 503 });
  expect(pair.invites.at(-1)!.pending).toBe(false);
  await pair.bob.close();
  const late = pair.bob.invite({ target: 'sip:alice@10.0.0.1', from: 'sip:dave@10.0.0.2', sdp: OFFER });
  expect(await late.result).toMatchObject({ status: 503, reason: 'The user agent is closed' });
  expect(await openResources(pair)).toEqual(NONE_OPEN);
});

test('closing does not wait forever for an unreachable peer', async () => {
  const pair = await openPair();
  const { near } = await establishCall(pair);
  pair.network.filter = () => false;
  const closing = Promise.all([pair.alice.close(), pair.bob.close()]);
  await pair.clock.advance(2000);
  await closing;
  expect(near.phase).toBe('terminated');
  expect(pair.clock.pending).toBe(0);
});

test('closing leaves no timer of a call to an unreachable peer that was canceled', async () => {
  const pair = await openPair();
  const outgoing = pair.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:carol@10.0.0.1', sdp: OFFER });
  await pair.clock.advance(300);
  pair.network.filter = () => false;
  outgoing.cancel();
  expect(await outgoing.result).toMatchObject({ status: 487 });
  const closing = Promise.all([pair.alice.close(), pair.bob.close()]);
  await pair.clock.advance(2000);
  await closing;
  expect(pair.clock.pending).toBe(0);
});

test('a user agent listens on one free port for UDP and TCP on the real network', async () => {
  const bob = createUserAgent(REAL);
  const alice = createUserAgent(REAL);
  const [{ port }] = await Promise.all([bob.listen(), alice.listen()]);
  bob.onInvite = (invite) => void invite.accept(ANSWER);
  for (const transport of ['udp', 'tcp']) {
    const target = `sip:bob@127.0.0.1:${port};transport=${transport}`;
    const result = await alice.invite({ target, from: 'sip:alice@127.0.0.1', sdp: OFFER }).result;
    expect(result).toMatchObject({ kind: 'accepted', answer: ANSWER });
    if (result.kind === 'accepted') await result.dialog.bye();
  }
  expect(bob.counters.transport.udp.received).toBeGreaterThanOrEqual(3);
  expect(bob.counters.transport.tcp.received).toBeGreaterThanOrEqual(3);
  await Promise.all([alice.close(), bob.close()]);
});
