import { beforeEach, describe, expect, test } from 'vitest';
import type { Stream } from '../../net/index.ts';
import { parseMessage, type SipMessage, topVia } from '../message/index.ts';
import { ANSWER, leftovers, NOTHING, OFFER, type Pair, pair } from '../testing/pair.ts';
import { Peer } from '../testing/peer.ts';

let both: Pair;
let peer: Peer;

beforeEach(async () => {
  both = await pair();
  peer = await Peer.on(both);
});

const wait = (ms: number) => both.clock.advance(ms);
const counters = () => both.bob.counters.transport;

const options = (more: string[] = []) =>
  [
    'OPTIONS sip:bob@10.0.0.2 SIP/2.0',
    'Via: SIP/2.0/TCP 10.0.0.9:5060;branch=z9hG4bKa',
    'From: <sip:peer@10.0.0.9>;tag=a',
    'To: <sip:bob@10.0.0.2>',
    'Call-ID: c',
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    ...more,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

async function connected() {
  const stream: Stream = await both.network.connect(
    { address: '10.0.0.2', port: 5060 },
    new AbortController().signal,
  );
  const heard: string[] = [];
  let closed = false;
  stream.handle({
    data: (chunk) => heard.push(chunk.toString('latin1')),
    closed: () => {
      closed = true;
    },
  });
  return { stream, heard, isClosed: () => closed, say: (text: string) => stream.write(Buffer.from(text)) };
}

describe('where responses go', () => {
  test('with rport to the very port that asked, which the response is told (RFC 3581)', async () => {
    peer.send(peer.request('OPTIONS'));
    await wait(20);
    const via = topVia(peer.responses('OPTIONS')[0]!);
    expect([via.received, via.rport]).toEqual(['10.0.0.9', '5060']);
  });

  test('without rport to the port that the Via names, at the address it really came from', async () => {
    const heard: SipMessage[] = [];
    await both.network.bind({ address: '10.0.0.9', port: 7000 }, (data) => heard.push(parseMessage(data)));
    peer.send(peer.request('OPTIONS', { Via: 'SIP/2.0/UDP behind.nat:7000;branch=z9hG4bKa' }));
    await wait(20);
    expect(heard).toHaveLength(1);
    expect(topVia(heard[0]!).received).toBe('10.0.0.9');
  });
});

describe('garbage', () => {
  test('that can be answered is a 400 with the reason in a Warning', async () => {
    peer.send(peer.request('OPTIONS', { CSeq: 'one OPTIONS' }));
    await wait(20);
    expect(peer.received[0]).toMatchObject({ kind: 'response', status: 400 });
    expect(peer.received[0]!.headers.get('Warning')).toMatch(/^399 minivoice ".*CSeq.*"$/);
    expect(counters().udp.malformed).toBe(1);
  });

  test('that cannot is counted, and nothing else happens; keep-alives are not even counted', async () => {
    for (const text of ['\r\n\r\n', '\0', 'hello, is there anybody?', '\r\n\r\n\r\n\r\n\r\n']) {
      peer.send(Buffer.from(text));
    }
    await wait(20);
    expect(peer.received).toEqual([]);
    expect(counters().udp.malformed).toBe(2);
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('in place of an ACK or a response is never answered', async () => {
    peer.send(
      Buffer.from(`ACK sip:bob@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKb\r\n\r\n`),
    );
    peer.send(Buffer.from(`SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKb\r\n\r\n`));
    await wait(20);
    expect(peer.received).toEqual([]);
  });

  test('of responses to nothing is counted', async () => {
    peer.send(peer.response(peer.request('OPTIONS'), 200, 'x'));
    await wait(20);
    expect(both.bob.counters.transactions.strayResponses).toBe(1);
  });
});

describe('TCP', () => {
  test('messages are cut out of the stream however it is chopped, and answered on the same connection', async () => {
    const { heard, say } = await connected();
    const text = options() + options().replaceAll('z9hG4bKa', 'z9hG4bKb').replace('CSeq: 1', 'CSeq: 2');
    for (let at = 0; at < text.length; at += 100) say(text.slice(at, at + 100));
    await wait(20);
    expect(heard.map((each) => each.slice(0, 11))).toEqual(['SIP/2.0 200', 'SIP/2.0 200']);
  });

  test('a ping is answered with a pong (RFC 5626)', async () => {
    const { heard, say } = await connected();
    say('\r\n\r\n');
    await wait(20);
    expect(heard).toEqual(['\r\n']);
  });

  test('a stream that cannot be read is closed, after a 400 where that is possible', async () => {
    const { heard, say, isClosed } = await connected();
    say(options().replace('Content-Length: 0', 'Content-Length: many'));
    await wait(20);
    expect(heard[0]).toMatch(/^SIP\/2.0 400 /);
    expect(isClosed()).toBe(true);
    expect(counters().tcp).toMatchObject({ connections: 0, malformed: 1 });
  });

  test('a connection that brings nothing is closed after 32 s, one that is of use after half an hour', async () => {
    const silent = await connected();
    const useful = await connected();
    useful.say(options());
    await wait(33_000);
    expect([silent.isClosed(), useful.isClosed()]).toEqual([true, false]);
    await wait(31 * 60_000);
    expect(useful.isClosed()).toBe(true);
    expect(counters().tcp.dropped).toBe(2);
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('one address has a share of the connections, and not all of them', async () => {
    const open = await Promise.all(Array.from({ length: 1028 }, connected));
    await wait(20);
    expect(open.filter(({ isClosed }) => isClosed())).toHaveLength(4);
    expect(counters().tcp).toMatchObject({ connections: 1024, dropped: 4 });
  });

  test('a whole call uses one connection, in both directions', async () => {
    const outgoing = both.alice.invite({
      target: 'sip:bob@10.0.0.2;transport=tcp',
      from: 'sip:alice@10.0.0.1',
      sdp: OFFER,
    });
    await wait(20);
    const accepted = both.invites[0]!.accept(ANSWER);
    await wait(40);
    const result = await outgoing.result;
    expect(result.kind).toBe('accepted');
    expect(both.invites[0]!.source.transport).toBe('tcp');
    void (await accepted).bye();
    await wait(40);
    expect(result.kind === 'accepted' && (await result.dialog.ended).by).toBe('remote');
    expect(counters().tcp.connections).toBe(1);
    expect(both.wire).toEqual([]);
    await Promise.all([both.alice.close(), both.bob.close()]);
    expect(await leftovers(both)).toEqual(NOTHING);
  });
});

describe('a request of more than 1,300 bytes', () => {
  const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
  const call = (target: string) =>
    both.alice.invite({ target, from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });

  test('goes over TCP', async () => {
    call('sip:bob@10.0.0.2');
    await wait(20);
    expect(both.wire).toEqual([]);
    expect(both.invites[0]!.source.transport).toBe('tcp');
  });

  test('goes over UDP where nobody takes the connection, and where UDP is asked for', async () => {
    call('sip:peer@10.0.0.9');
    call('sip:bob@10.0.0.2;transport=udp');
    await wait(20);
    expect(peer.log).toEqual(['INVITE']);
    expect(topVia(peer.received[0]!).transport).toBe('UDP');
    expect(both.invites[0]!.source.transport).toBe('udp');
  });
});

describe('a TCP peer that is not there', () => {
  test('ends requests that nobody has answered as soon as the connection ends', async () => {
    const listener = await both.network.listen({ address: '10.0.0.9', port: 5060 }, (stream) => {
      stream.handle({ data: () => stream.close(), closed() {} });
    });
    const to = 'sip:peer@10.0.0.9;transport=tcp';
    const options = both.alice.request({ method: 'OPTIONS', target: to, from: 'sip:alice@10.0.0.1' });
    const invite = both.alice.invite({ target: to, from: 'sip:alice@10.0.0.1', sdp: OFFER });
    await wait(50);
    expect((await options).status).toBe(503);
    expect(await invite.result).toMatchObject({ kind: 'refused', status: 503 });
    await listener.close();
    expect(await leftovers(both)).toEqual(NOTHING);
  });

  test('holds up the first large request only, and the next ones go over UDP at once', async () => {
    both.network.silent.add('10.0.0.9');
    const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
    const call = () =>
      both.alice.invite({ target: 'sip:peer@10.0.0.9', from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });
    call();
    await wait(3900);
    expect(peer.log).toEqual([]);
    await wait(200);
    expect(peer.log).toEqual(['INVITE']);
    call();
    await wait(20);
    expect(new Set(peer.requests('INVITE').map((each) => each.headers.get('Call-ID'))).size).toBe(2);
  });

  test('never gets an INVITE that was taken back while the connection was opened', async () => {
    both.network.silent.add('10.0.0.9');
    const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
    const target = 'sip:peer@10.0.0.9';
    const invite = both.alice.invite({ target, from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });
    await wait(1000);
    invite.cancel();
    await wait(10_000);
    expect(peer.log).toEqual([]);
    expect(await leftovers(both)).toEqual(NOTHING);
  });
});

describe('finding the other side', () => {
  test('a name with several addresses is tried in order until one takes the connection', async () => {
    both.network.names.set('bob.example', ['10.0.0.7', '10.0.0.2']);
    both.alice.invite({ target: 'sip:bob@bob.example;transport=tcp', from: 'sip:a@b', sdp: OFFER });
    await wait(20);
    expect(both.invites).toHaveLength(1);
  });

  test('a request can be sent to where a phone was last seen, whatever its URI says', async () => {
    both.alice.invite({
      target: 'sip:phone@192.168.1.5',
      destination: { transport: 'udp', address: '10.0.0.9', port: 5060 },
      from: 'sip:a@b',
      sdp: OFFER,
    });
    await wait(20);
    expect(peer.log).toEqual(['INVITE']);
  });

  test('a caller behind NAT is reached where it came from, not at its Contact', async () => {
    const nat = { Via: 'SIP/2.0/UDP 192.168.1.5;branch=z9hG4bKn;rport', Contact: '<sip:phone@192.168.1.5>' };
    peer.send(peer.request('INVITE', nat, OFFER));
    await wait(20);
    const dialog = await both.invites[0]!.accept(ANSWER);
    await wait(20);
    peer.send(peer.within(peer.responses('INVITE')[0]!, 'ACK', 1));
    await wait(20);
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:phone@192.168.1.5');
  });

  test('what cannot be reached over SIP is a 503 that says so', async () => {
    const result = both.alice.invite({ target: 'tel:+4930123456', from: 'sip:a@b', sdp: OFFER }).result;
    expect(await result).toMatchObject({ status: 503, reason: 'There is no way to a tel URI' });
  });
});

test('too many open transactions make new requests a 503 with Retry-After', async () => {
  both = await pair({ maxTransactions: 2 });
  peer = await Peer.on(both);
  for (let seq = 1; seq <= 3; seq++) peer.send(peer.request('OPTIONS', { CSeq: `${seq} OPTIONS` }));
  await wait(20);
  expect(peer.responses('OPTIONS').map(({ status }) => status)).toEqual([200, 200, 503]);
  expect(peer.responses('OPTIONS')[2]!.headers.has('Retry-After')).toBe(true);
});
