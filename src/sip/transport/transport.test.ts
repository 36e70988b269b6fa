import { beforeEach, describe, expect, test } from 'vitest';
import type { Stream } from '../../net/index.ts';
import { parseMessage, type SipMessage, topVia } from '../message/index.ts';
import { ANSWER, NONE_OPEN, OFFER, openPair, openResources, type Pair } from '../testing/pair.ts';
import { Peer } from '../testing/peer.ts';

let pair: Pair;
let peer: Peer;

beforeEach(async () => {
  pair = await openPair();
  peer = await Peer.listen(pair);
});

const wait = (ms: number) => pair.clock.advance(ms);
const counters = () => pair.bob.counters.transport;

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
  const stream: Stream = await pair.network.connect(
    { address: '10.0.0.2', port: 5060 },
    new AbortController().signal,
  );
  const received: string[] = [];
  let closed = false;
  stream.handle({
    data: (chunk) => received.push(chunk.toString('latin1')),
    closed: () => {
      closed = true;
    },
  });
  return {
    stream,
    received,
    isClosed: () => closed,
    send: (text: string) => stream.write(Buffer.from(text)),
  };
}

describe('a response', () => {
  test('goes to the source port with rport, and reports it (RFC 3581)', async () => {
    peer.send(peer.request('OPTIONS'));
    await wait(20);
    const via = topVia(peer.responses('OPTIONS')[0]!);
    expect([via.received, via.rport]).toEqual(['10.0.0.9', '5060']);
  });

  test('goes to the Via port at the source address without rport', async () => {
    const received: SipMessage[] = [];
    await pair.network.bind({ address: '10.0.0.9', port: 7000 }, (data) => received.push(parseMessage(data)));
    peer.send(peer.request('OPTIONS', { Via: 'SIP/2.0/UDP behind.nat:7000;branch=z9hG4bKa' }));
    await wait(20);
    expect(received).toHaveLength(1);
    expect(topVia(received[0]!).received).toBe('10.0.0.9');
  });
});

describe('malformed input', () => {
  test('is answered with 400 and the reason in a Warning if possible', async () => {
    peer.send(peer.request('OPTIONS', { CSeq: 'one OPTIONS' }));
    await wait(20);
    expect(peer.received[0]).toMatchObject({ kind: 'response', status: 400 });
    expect(peer.received[0]!.headers.get('Warning')).toMatch(/^399 minivoice ".*CSeq.*"$/);
    expect(counters().udp.malformed).toBe(1);
  });

  test('is only counted if it cannot be answered; keep-alives are not counted', async () => {
    for (const text of ['\r\n\r\n', '\0', 'hello, is there anybody?', '\r\n\r\n\r\n\r\n\r\n']) {
      peer.send(Buffer.from(text));
    }
    await wait(20);
    expect(peer.received).toEqual([]);
    expect(counters().udp.malformed).toBe(2);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('is never answered in an ACK or a response', async () => {
    peer.send(
      Buffer.from(`ACK sip:bob@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKb\r\n\r\n`),
    );
    peer.send(Buffer.from(`SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKb\r\n\r\n`));
    await wait(20);
    expect(peer.received).toEqual([]);
  });

  test('includes responses without request, which are counted', async () => {
    peer.send(peer.response(peer.request('OPTIONS'), 200, 'x'));
    await wait(20);
    expect(pair.bob.counters.transactions.strayResponses).toBe(1);
  });
});

describe('TCP', () => {
  test('splits the stream into messages for any segmentation, and answers on the same connection', async () => {
    const { received, send } = await connected();
    const text = options() + options().replaceAll('z9hG4bKa', 'z9hG4bKb').replace('CSeq: 1', 'CSeq: 2');
    for (let at = 0; at < text.length; at += 100) send(text.slice(at, at + 100));
    await wait(20);
    expect(received.map((each) => each.slice(0, 11))).toEqual(['SIP/2.0 200', 'SIP/2.0 200']);
  });

  test('answers a ping with a pong (RFC 5626)', async () => {
    const { received, send } = await connected();
    send('\r\n\r\n');
    await wait(20);
    expect(received).toEqual(['\r\n']);
  });

  test('closes an unreadable stream, after a 400 if possible', async () => {
    const { received, send, isClosed } = await connected();
    send(options().replace('Content-Length: 0', 'Content-Length: many'));
    await wait(20);
    expect(received[0]).toMatch(/^SIP\/2.0 400 /);
    expect(isClosed()).toBe(true);
    expect(counters().tcp).toMatchObject({ connections: 0, malformed: 1 });
  });

  test('closes a connection without message after 32 s, and an idle one after 30 min', async () => {
    const silent = await connected();
    const useful = await connected();
    useful.send(options());
    await wait(33_000);
    expect([silent.isClosed(), useful.isClosed()]).toEqual([true, false]);
    await wait(31 * 60_000);
    expect(useful.isClosed()).toBe(true);
    expect(counters().tcp.dropped).toBe(2);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('limits the connections of one address', async () => {
    const open = await Promise.all(Array.from({ length: 1028 }, connected));
    await wait(20);
    expect(open.filter(({ isClosed }) => isClosed())).toHaveLength(4);
    expect(counters().tcp).toMatchObject({ connections: 1024, dropped: 4 });
  });

  test('uses one connection for a whole call in both directions', async () => {
    const outgoing = pair.alice.invite({
      target: 'sip:bob@10.0.0.2;transport=tcp',
      from: 'sip:alice@10.0.0.1',
      sdp: OFFER,
    });
    await wait(20);
    const accepted = pair.invites[0]!.accept(ANSWER);
    await wait(40);
    const result = await outgoing.result;
    expect(result.kind).toBe('accepted');
    expect(pair.invites[0]!.source.transport).toBe('tcp');
    void (await accepted).bye();
    await wait(40);
    expect(result.kind === 'accepted' && (await result.dialog.ended).by).toBe('remote');
    expect(counters().tcp.connections).toBe(1);
    expect(pair.wire).toEqual([]);
    await Promise.all([pair.alice.close(), pair.bob.close()]);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});

describe('a request of more than 1,300 bytes', () => {
  const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
  const call = (target: string) =>
    pair.alice.invite({ target, from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });

  test('goes over TCP', async () => {
    call('sip:bob@10.0.0.2');
    await wait(20);
    expect(pair.wire).toEqual([]);
    expect(pair.invites[0]!.source.transport).toBe('tcp');
  });

  test('goes over UDP if the connection is refused, and if the URI names UDP', async () => {
    call('sip:peer@10.0.0.9');
    call('sip:bob@10.0.0.2;transport=udp');
    await wait(20);
    expect(peer.log).toEqual(['INVITE']);
    expect(topVia(peer.received[0]!).transport).toBe('UDP');
    expect(pair.invites[0]!.source.transport).toBe('udp');
  });
});

describe('an unreachable TCP peer', () => {
  test('fails requests without response when the connection ends', async () => {
    const listener = await pair.network.listen({ address: '10.0.0.9', port: 5060 }, (stream) => {
      stream.handle({ data: () => stream.close(), closed() {} });
    });
    const to = 'sip:peer@10.0.0.9;transport=tcp';
    const options = pair.alice.request({ method: 'OPTIONS', target: to, from: 'sip:alice@10.0.0.1' });
    const invite = pair.alice.invite({ target: to, from: 'sip:alice@10.0.0.1', sdp: OFFER });
    await wait(50);
    expect((await options).status).toBe(503);
    expect(await invite.result).toMatchObject({ kind: 'refused', status: 503 });
    await listener.close();
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });

  test('delays only the first large request; the next ones go over UDP immediately', async () => {
    pair.network.silent.add('10.0.0.9');
    const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
    const call = () =>
      pair.alice.invite({ target: 'sip:peer@10.0.0.9', from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });
    call();
    await wait(3900);
    expect(peer.log).toEqual([]);
    await wait(200);
    expect(peer.log).toEqual(['INVITE']);
    call();
    await wait(20);
    expect(new Set(peer.requests('INVITE').map((each) => each.headers.get('Call-ID'))).size).toBe(2);
  });

  test('never gets an INVITE that was canceled while the connection was opened', async () => {
    pair.network.silent.add('10.0.0.9');
    const headers: [string, string][] = [['X-Long', 'x'.repeat(1300)]];
    const target = 'sip:peer@10.0.0.9';
    const invite = pair.alice.invite({ target, from: 'sip:alice@10.0.0.1', sdp: OFFER, headers });
    await wait(1000);
    invite.cancel();
    await wait(10_000);
    expect(peer.log).toEqual([]);
    expect(await openResources(pair)).toEqual(NONE_OPEN);
  });
});

describe('the destination of a request', () => {
  test('is the first address of a name that accepts the connection', async () => {
    pair.network.names.set('bob.example', ['10.0.0.7', '10.0.0.2']);
    pair.alice.invite({ target: 'sip:bob@bob.example;transport=tcp', from: 'sip:a@b', sdp: OFFER });
    await wait(20);
    expect(pair.invites).toHaveLength(1);
  });

  test('may be a hop that differs from the URI', async () => {
    pair.alice.invite({
      target: 'sip:phone@192.168.1.5',
      destination: { transport: 'udp', address: '10.0.0.9', port: 5060 },
      from: 'sip:a@b',
      sdp: OFFER,
    });
    await wait(20);
    expect(peer.log).toEqual(['INVITE']);
  });

  test('is the source of a caller behind NAT, not its Contact', async () => {
    const nat = { Via: 'SIP/2.0/UDP 192.168.1.5;branch=z9hG4bKn;rport', Contact: '<sip:phone@192.168.1.5>' };
    peer.send(peer.request('INVITE', nat, OFFER));
    await wait(20);
    const dialog = await pair.invites[0]!.accept(ANSWER);
    await wait(20);
    peer.send(peer.inDialog(peer.responses('INVITE')[0]!, 'ACK', 1));
    await wait(20);
    void dialog.bye();
    await wait(20);
    expect(peer.requests('BYE')[0]!.uri).toBe('sip:phone@192.168.1.5');
  });

  test('must be a SIP URI, or the result is a 503 with the reason', async () => {
    const result = pair.alice.invite({ target: 'tel:+4930123456', from: 'sip:a@b', sdp: OFFER }).result;
    expect(await result).toMatchObject({ status: 503, reason: 'A tel URI has no SIP server' });
  });
});

test('with too many open transactions, new requests get 503 with Retry-After', async () => {
  pair = await openPair({ maxTransactions: 2 });
  peer = await Peer.listen(pair);
  for (let seq = 1; seq <= 3; seq++) peer.send(peer.request('OPTIONS', { CSeq: `${seq} OPTIONS` }));
  await wait(20);
  expect(peer.responses('OPTIONS').map(({ status }) => status)).toEqual([200, 200, 503]);
  expect(peer.responses('OPTIONS')[2]!.headers.has('Retry-After')).toBe(true);
});
