import { expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../core/index.ts';
import { systemNetwork } from '../net/index.ts';
import { ANSWER, established, leftovers, NOTHING, OFFER, pair } from './testing/pair.ts';
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

test('a call is set up, answered and ended, and nothing is left of it', async () => {
  const both = await pair();
  const { near, far } = await established(both);
  expect(both.wire).toEqual(['alice INVITE', 'bob 200 INVITE', 'alice ACK']);
  expect(both.invites[0]!.offer).toBe(OFFER);
  const bye = near.bye();
  await both.clock.advance(50);
  await bye;
  expect(await near.ended).toMatchObject({ by: 'local' });
  expect(await far.ended).toMatchObject({ by: 'remote' });
  expect(await leftovers(both)).toEqual(NOTHING);
});

test('OPTIONS outside of a call is answered with what we can do', async () => {
  const both = await pair();
  const answer = both.alice.request({
    method: 'OPTIONS',
    target: 'sip:bob@10.0.0.2',
    from: 'sip:alice@10.0.0.1',
  });
  await both.clock.advance(20);
  const { status, headers } = await answer;
  expect(status).toBe(200);
  expect(headers.get('Allow')).toBe('INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, OPTIONS');
  expect(headers.get('Accept')).toBe('application/sdp');
  expect(await leftovers(both)).toEqual(NOTHING);
});

test('other requests outside of calls go to onRequest; without it they are 405, or 481 when they belong inside', async () => {
  const both = await pair();
  const ask = async (method: string) => {
    const answer = both.alice.request({ method, target: 'sip:bob@10.0.0.2', from: 'sip:alice@10.0.0.1' });
    await both.clock.advance(20);
    return (await answer).status;
  };
  expect([await ask('REGISTER'), await ask('INFO')]).toEqual([405, 481]);
  both.bob.onRequest = (request) => ({ status: request.method === 'REGISTER' ? 200 : 405 });
  expect([await ask('REGISTER'), await ask('PUBLISH')]).toEqual([200, 405]);
  both.bob.onRequest = () => Promise.reject(new Error('a defect'));
  expect(await ask('REGISTER')).toBe(500);
});

test('what the gate refuses is refused, and what it silences is not answered at all', async () => {
  const both = await pair();
  let verdict: ReturnType<NonNullable<typeof both.bob.gate>> = { status: 403 };
  both.bob.gate = () => verdict;
  const call = () =>
    both.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:alice@10.0.0.1', sdp: OFFER }).result;
  const refused = call();
  await both.clock.advance(100);
  expect(await refused).toMatchObject({ status: 403 });
  verdict = 'silence';
  const silenced = call();
  await both.clock.advance(32_000);
  expect(await silenced).toMatchObject({ status: 408 });
  expect(both.wire.filter((each) => each.startsWith('bob'))).toEqual(['bob 403 INVITE']);
  expect(both.invites).toHaveLength(0);
  expect(await leftovers(both)).toEqual(NOTHING);
});

test('closing ends what is open: calls with BYE, calls coming in with 503, calls going out with CANCEL', async () => {
  const both = await pair();
  const { near, far } = await established(both);
  const outgoing = both.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:carol@10.0.0.1', sdp: OFFER });
  const incoming = both.bob.invite({ target: 'sip:alice@10.0.0.1', from: 'sip:dave@10.0.0.2', sdp: OFFER });
  both.alice.onInvite = (invite) => invite.progress(180);
  await both.clock.advance(300);
  const closing = both.alice.close();
  await both.clock.advance(100);
  await closing;
  expect([(await near.ended).by, (await far.ended).by]).toEqual(['local', 'remote']);
  expect(await outgoing.result).toMatchObject({ status: 487 });
  expect(await incoming.result).toMatchObject({ status: 503 });
  expect(both.invites.at(-1)!.pending).toBe(false);
  await both.bob.close();
  const late = both.bob.invite({ target: 'sip:alice@10.0.0.1', from: 'sip:dave@10.0.0.2', sdp: OFFER });
  expect(await late.result).toMatchObject({ status: 503, reason: 'The user agent is closed' });
  expect(await leftovers(both)).toEqual(NOTHING);
});

test('closing does not wait for ever for a side that is gone', async () => {
  const both = await pair();
  const { near } = await established(both);
  both.network.filter = () => false;
  const closing = Promise.all([both.alice.close(), both.bob.close()]);
  await both.clock.advance(2000);
  await closing;
  expect(near.phase).toBe('terminated');
  expect(both.clock.pending).toBe(0);
});

test('closing leaves no timer of a call that was taken back from a side that is gone', async () => {
  const both = await pair();
  const outgoing = both.alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:carol@10.0.0.1', sdp: OFFER });
  await both.clock.advance(300);
  both.network.filter = () => false;
  outgoing.cancel();
  expect(await outgoing.result).toMatchObject({ status: 487 });
  const closing = Promise.all([both.alice.close(), both.bob.close()]);
  await both.clock.advance(2000);
  await closing;
  expect(both.clock.pending).toBe(0);
});

test('a user agent listens on one free port for UDP and TCP on the real network too', async () => {
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
