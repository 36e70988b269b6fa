import { beforeEach, describe, expect, test } from 'vitest';
import type { InviteResult } from './outgoing-invite.ts';
import { UacHarness } from './testing/harness.ts';
import { ANSWER, NONE_OPEN, openResources, type Pair } from './testing/pair.ts';
import type { Peer } from './testing/peer.ts';

let uac: UacHarness;
let pair: Pair;
let peer: Peer;

beforeEach(async () => {
  uac = await UacHarness.open();
  ({ pair, peer } = uac);
});

const wait = (ms: number) => uac.wait(ms);
const respond = (...parts: Parameters<Peer['response']>) => uac.respond(...parts);

const acceptedBy = (result: InviteResult) =>
  result.kind === 'accepted' ? result.dialog.remoteTag : `refused ${result.status}`;

describe('an outgoing call', () => {
  test('reports ringing, and its refusal', async () => {
    const { outgoing, invite } = await uac.startCall();
    const received: [number, string | undefined][] = [];
    outgoing.provisional.on(({ status, sdp }) => received.push([status, sdp]));
    await respond(invite, 100);
    await respond(invite, 180, 'x');
    await respond(invite, 183, 'x', {}, ANSWER);
    await respond(invite, 486, 'x');
    expect(received).toEqual([
      [180, undefined],
      [183, ANSWER],
    ]);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 486, reason: 'Busy Here' });
    expect(peer.log).toEqual(['INVITE', 'ACK']);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('without response results in 408, and an unreachable one in 503', async () => {
    await peer.close();
    const unanswered = uac.call();
    const lost = uac.call({ target: 'sip:nobody@nowhere.example' });
    await wait(33_000);
    expect(await unanswered.result).toMatchObject({ status: 408 });
    expect(await lost.result).toMatchObject({ status: 503, reason: 'getaddrinfo ENOTFOUND nowhere.example' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('that rings too long is canceled', async () => {
    const { outgoing, invite } = await uac.startCall({ timeoutMs: 20_000 });
    await respond(invite, 180, 'x');
    await wait(20_000);
    expect(peer.log.at(-1)).toBe('CANCEL');
    expect(await outgoing.result).toMatchObject({ status: 408, reason: 'No answer in time' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('acknowledges each retransmitted 200', async () => {
    const { invite } = await uac.establish();
    await respond(invite, 200, 'x', {}, ANSWER);
    await respond(invite, 200, 'x', {}, ANSWER);
    expect(peer.log).toEqual(['INVITE', 'ACK', 'ACK', 'ACK']);
  });

  test('without an answer in its 200 is ended', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 488 });
    expect(peer.log).toEqual(['INVITE', 'ACK', 'BYE']);
  });

  test('is canceled when its signal is aborted, and not sent if it was aborted before', async () => {
    const late = new AbortController();
    const { outgoing, invite } = await uac.startCall({ signal: late.signal });
    await respond(invite, 180, 'x');
    late.abort();
    await wait(10);
    expect(peer.log).toEqual(['INVITE', 'CANCEL']);
    expect(await outgoing.result).toMatchObject({ status: 487 });
    const early = uac.call({ signal: AbortSignal.abort() });
    await wait(10);
    expect(await early.result).toMatchObject({ status: 487 });
    expect(peer.log).toEqual(['INVITE', 'CANCEL']);
  });
});

describe('CANCEL', () => {
  test('waits for a provisional response', async () => {
    const { outgoing, invite } = await uac.startCall();
    outgoing.cancel();
    await wait(100);
    expect(peer.log).toEqual(['INVITE']);
    await respond(invite, 100);
    expect(peer.log).toEqual(['INVITE', 'CANCEL']);
    const cancel = peer.requests('CANCEL')[0]!;
    expect(cancel.headers.get('Via')).toBe(invite.headers.get('Via'));
    await respond(cancel, 200);
    await respond(invite, 487, 'x');
    expect(peer.log).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('that is crossed by a 200 is followed by ACK and BYE', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 180, 'x');
    outgoing.cancel();
    await respond(invite, 200, 'x', {}, ANSWER);
    expect(peer.log).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE']);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 487 });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('without effect ends the INVITE after 64 × T1', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 180, 'x');
    outgoing.cancel();
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});

describe('forks', () => {
  test('that answer after the first are acknowledged and ended', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 180, 'x');
    await respond(invite, 180, 'y');
    await respond(invite, 200, 'x', {}, ANSWER);
    await respond(invite, 200, 'y', {}, ANSWER);
    await respond(invite, 200, 'z', {}, ANSWER);
    expect(acceptedBy(await outgoing.result)).toBe('x');
    const ended = peer.requests('BYE').map(({ uri }) => uri);
    expect(ended).toEqual(['sip:peer-y@10.0.0.9', 'sip:peer-z@10.0.0.9']);
    expect(peer.requests('ACK')).toHaveLength(3);
    expect(pair.alice.counters.open.dialogs).toBe(3);
  });

  test('that rang without answering leave no dialog', async () => {
    const { invite } = await uac.startCall();
    await respond(invite, 180, 'x');
    await respond(invite, 180, 'y');
    await respond(invite, 200, 'y', {}, ANSWER);
    expect(pair.alice.counters.open.dialogs).toBe(1);
  });

  test('that ring after another has answered leave no dialog', async () => {
    const { invite } = await uac.startCall();
    await respond(invite, 200, 'x', {}, ANSWER);
    await respond(invite, 180, 'y');
    expect(pair.alice.counters.open.dialogs).toBe(1);
  });

  test('that rang leave no dialog if another answers a canceled call', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 180, 'y');
    outgoing.cancel();
    await respond(invite, 180, 'z');
    await respond(invite, 200, 'x', {}, ANSWER);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});

describe('credentials', () => {
  const challenge = { 'Proxy-Authenticate': 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"' };
  const credentials = { username: 'alice', password: 'secret' };

  test('answer a challenge once, in a new INVITE of the same call, and in its ACK and BYE', async () => {
    const { outgoing, invite } = await uac.startCall({ credentials });
    await respond(invite, 407, 'x', challenge);
    const again = peer.requests('INVITE')[1]!;
    expect(again.headers.get('Proxy-Authorization')).toContain('username="alice"');
    expect(again.headers.get('Call-ID')).toBe(invite.headers.get('Call-ID'));
    expect(again.headers.get('CSeq')).toBe('2 INVITE');
    await respond(again, 200, 'x', {}, ANSWER);
    const result = await outgoing.result;
    expect(peer.requests('ACK').at(-1)!.headers.has('Proxy-Authorization')).toBe(true);
    if (result.kind === 'accepted') void result.dialog.bye();
    await wait(10);
    expect(peer.requests('BYE')[0]!.headers.get('Proxy-Authorization')).toContain('nc=00000002');
  });

  test('that are refused are not sent again', async () => {
    const { outgoing, invite } = await uac.startCall({ credentials });
    await respond(invite, 407, 'x', challenge);
    await respond(peer.requests('INVITE')[1]!, 407, 'x', challenge);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 407 });
    expect(peer.requests('INVITE')).toHaveLength(2);
  });

  test('are not sent endlessly to a peer with ever new realms', async () => {
    const { outgoing } = await uac.startCall({ credentials });
    for (let realm = 0; realm < 20; realm++) {
      const newRealm = { 'Proxy-Authenticate': challenge['Proxy-Authenticate'].replace('"r"', `"${realm}"`) };
      await respond(peer.requests('INVITE').at(-1)!, 407, 'x', newRealm);
    }
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 407 });
    expect(peer.requests('INVITE')).toHaveLength(9);
  });

  test('are required, or the challenge is final', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 401, 'x', { 'WWW-Authenticate': challenge['Proxy-Authenticate'] });
    expect(await outgoing.result).toMatchObject({ status: 401 });
  });

  test('are used for other requests too', async () => {
    const sent = pair.alice.request({
      method: 'REGISTER',
      target: 'sip:10.0.0.9',
      from: 'sip:alice@10.0.0.9',
      to: 'sip:alice@10.0.0.9',
      credentials,
    });
    await wait(10);
    await respond(peer.requests('REGISTER')[0]!, 407, 'x', challenge);
    await respond(peer.requests('REGISTER')[1]!, 200, 'x');
    expect((await sent).status).toBe(200);
    expect(peer.requests('REGISTER')[1]!.headers.get('CSeq')).toBe('2 REGISTER');
  });
});

describe('reliable provisional responses (RFC 3262)', () => {
  const reliable = (rseq: number) => ({ Require: '100rel', RSeq: String(rseq) });

  test('are acknowledged in order, each once; one out of order is ignored', async () => {
    const { outgoing, invite } = await uac.startCall();
    const received: number[] = [];
    outgoing.provisional.on(({ status }) => received.push(status));
    await respond(invite, 180, 'x', reliable(7));
    await respond(invite, 180, 'x', reliable(7));
    await respond(invite, 183, 'x', reliable(9), ANSWER);
    await respond(invite, 183, 'x', reliable(8), ANSWER);
    const racks = peer.requests('PRACK').map(({ headers }) => headers.get('RAck'));
    expect(new Set(racks)).toEqual(new Set(['7 1 INVITE', '8 1 INVITE']));
    expect(received).toEqual([180, 183]);
  });

  test('may bring the answer, so that the 200 needs none', async () => {
    const { outgoing, invite } = await uac.startCall();
    await respond(invite, 183, 'x', reliable(1), ANSWER);
    await respond(invite, 200, 'x');
    expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: ANSWER });
  });
});

describe('session timers (RFC 4028) as UAC', () => {
  test('repeat the INVITE with a longer interval after a 422', async () => {
    const { invite } = await uac.startCall();
    expect(invite.headers.get('Session-Expires')).toBe('1800');
    await respond(invite, 422, 'x', { 'Min-SE': '3600' });
    const again = peer.requests('INVITE')[1]!;
    expect(again.headers.get('Session-Expires')).toBe('3600');
    expect(again.headers.get('Min-SE')).toBe('3600');
  });

  test('refresh as refresher, and hang up if the peer no longer responds', async () => {
    const { dialog } = await uac.establish({ 'Session-Expires': '90;refresher=uac' });
    await wait(45_100);
    expect(peer.requests('INVITE')).toHaveLength(2);
    expect(peer.requests('INVITE').at(-1)!.headers.get('Session-Expires')).toBe('90;refresher=uac');
    await peer.close();
    await wait(60_000);
    expect(await dialog.ended).toMatchObject({ by: 'timeout' });
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('are off without Session-Expires in the 200', async () => {
    const { dialog } = await uac.establish();
    await wait(10_000_000);
    expect(dialog.phase).toBe('confirmed');
    expect(pair.clock.pending).toBe(0);
  });
});

describe('a hostile callee', () => {
  test('cannot cause an endless loop by stale challenges', async () => {
    const stale = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth", stale=true' };
    const { outgoing } = await uac.startCall({ credentials: { username: 'a', password: 'b' } });
    for (let attempt = 0; attempt < 5; attempt++) {
      await respond(peer.requests('INVITE').at(-1)!, 401, 'x', stale);
    }
    expect(await outgoing.result).toMatchObject({ status: 401 });
    expect(peer.requests('INVITE')).toHaveLength(3);
  });

  test('cannot cause an endless loop by growing Min-SE', async () => {
    const { outgoing } = await uac.startCall();
    for (let least = 2000; least < 2010; least++) {
      await respond(peer.requests('INVITE').at(-1)!, 422, 'x', { 'Min-SE': String(least) });
    }
    expect(await outgoing.result).toMatchObject({ status: 422 });
    expect(peer.requests('INVITE')).toHaveLength(4);
  });

  test('cannot exhaust memory with forks', async () => {
    const { outgoing, invite } = await uac.startCall();
    for (let fork = 0; fork < 1000; fork++) peer.send(peer.response(invite, 180, `f${fork}`), '10.0.0.1');
    await wait(10);
    expect(pair.alice.counters.open.dialogs).toBe(32);
    outgoing.cancel();
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('cannot make us refresh the session constantly', async () => {
    await uac.establish({ 'Session-Expires': '1;refresher=uac' });
    await wait(40_000);
    expect(peer.requests('INVITE')).toHaveLength(1);
  });
});
