import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../e2e/support/peers.ts';
import { seededRandom, silentLog, sleep, systemClock } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { RtpSocket, RtpSockets } from './rtp-socket.ts';
import { networkSockets } from './rtp-socket-network.ts';
import { dgramSockets, rtpSockets } from './system-network.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

interface Fixture {
  sockets: RtpSockets;
  host: string;
  /** Lets sent datagrams arrive. */
  settle(): Promise<void>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Milliseconds. */
  now(): number;
}

const loopback = (sockets: RtpSockets, host = '127.0.0.1'): Fixture => ({
  sockets,
  host,
  settle: () => loopbackDrained(host),
  pass: (ms) => sleep(systemClock, ms),
  now: () => systemClock.monotonic(),
});

/** Resolves when datagrams that were sent after all others have arrived, several times. */
async function loopbackDrained(host: string): Promise<void> {
  const type = host.includes(':') ? 'udp6' : 'udp4';
  const [from, to] = [createSocket(type), createSocket(type)];
  await once(to.bind(0, host), 'listening');
  for (let times = 0; times < 3; times++) {
    const arrived = once(to, 'message');
    from.send('x', to.address().port, host);
    await arrived;
  }
  from.close();
  to.close();
}

function inMemory(): Fixture {
  const clock = new VirtualClock();
  const sockets = networkSockets(new MemoryNetwork(clock, seededRandom(1)), clock);
  const pass = (ms: number) => clock.advance(ms);
  return { sockets, host: '10.0.0.1', settle: () => pass(100), pass, now: () => clock.monotonic() };
}

const fixtures: Record<string, () => Promise<Fixture>> = {
  'the cheapest on this machine': async () => loopback(await rtpSockets('127.0.0.1', silentLog)),
  dgram: async () => loopback(dgramSockets),
  'dgram with IPv6': async () => loopback(await rtpSockets('::1', silentLog), '::1'),
  'memory network': async () => inMemory(),
};

describe.each(Object.keys(fixtures))('RTP sockets: %s', (name) => {
  let open: RtpSocket[] = [];
  let flush = () => {};
  afterEach(() => {
    for (const socket of open) socket.close();
    open = [];
  });

  async function make(count: number) {
    const fixture = await fixtures[name]!();
    flush = () => fixture.sockets.flush();
    for (let i = 0; i < count; i++) open.push(await fixture.sockets.open(fixture.host, freePort()));
    return { fixture, sockets: open as [RtpSocket, RtpSocket, RtpSocket] };
  }
  const received = (socket: RtpSocket) => {
    const texts: string[] = [];
    socket.receive((bytes, length, from) =>
      texts.push(`${Buffer.from(bytes).toString('latin1', 0, length)} from ${from.port}`),
    );
    return texts;
  };
  /** Sends a datagram at once. */
  const send = (socket: RtpSocket, text: string) => {
    socket.send(socket.packet.write(text));
    flush();
  };

  it('receives all waiting datagrams with their source', async () => {
    const { fixture, sockets } = await make(2);
    const [a, b] = sockets;
    a.setRemote({ address: fixture.host, port: b.port });
    const words = Array.from({ length: 20 }, (_, i) => `word ${i}`);
    for (const word of words) send(a, word);
    await fixture.settle();
    expect(received(b).sort()).toEqual(words.map((word) => `${word} from ${a.port}`).sort());
    expect(received(b)).toEqual([]);
  });

  it('receives from every source until it is connected, then only from its peer', async () => {
    const { fixture, sockets } = await make(3);
    const [a, peer, other] = sockets;
    for (const socket of [peer, other]) socket.setRemote({ address: fixture.host, port: a.port });
    send(other, 'first');
    await fixture.settle();
    expect(received(a)).toEqual([`first from ${other.port}`]);
    send(other, 'early');
    send(peer, 'hello');
    await fixture.settle();
    a.connect({ address: fixture.host, port: peer.port });
    send(other, 'late');
    await fixture.settle();
    expect(received(a)).toEqual([`hello from ${peer.port}`]);
  });

  it('receives from every source again after setRemote, on the same port', async () => {
    const { fixture, sockets } = await make(3);
    const [a, b, c] = sockets;
    a.connect({ address: fixture.host, port: b.port });
    a.setRemote({ address: fixture.host, port: c.port });
    c.setRemote({ address: fixture.host, port: a.port });
    send(a, 'to c');
    send(c, 'to a');
    await fixture.settle();
    expect(received(c)).toEqual([`to c from ${a.port}`]);
    expect(received(a)).toEqual([`to a from ${c.port}`]);
  });

  it('sends nothing to an invalid address, and ignores a closed remote port', async () => {
    const { fixture, sockets } = await make(1);
    const [a] = sockets;
    send(a, 'nowhere yet');
    a.setRemote({ address: 'phone.example', port: 4000 });
    send(a, 'no address');
    a.connect({ address: fixture.host, port: freePort() });
    for (let i = 0; i < 3; i++) {
      send(a, 'no listener');
      await fixture.settle();
    }
    expect(received(a)).toEqual([]);
    if (fixture.sockets.kind !== 'network') expect(a.unsent).toBeGreaterThan(0);
  });

  it('reports when each datagram arrived', async () => {
    const { fixture, sockets } = await make(2);
    const [a, b] = sockets;
    a.setRemote({ address: fixture.host, port: b.port });
    const attempt = async () => {
      const before = fixture.now();
      send(a, 'one');
      await fixture.settle();
      await fixture.pass(10);
      send(a, 'two');
      await fixture.settle();
      const took = fixture.now() - before;
      const times: number[] = [];
      const waited: number[] = [];
      b.receive((_bytes, _length, _from, arrivedAt) => {
        times.push(arrivedAt);
        waited.push(b.elapsedSince(arrivedAt));
      });
      expect(times).toHaveLength(2);
      return { apart: times[1]! - times[0]!, waited: waited[0]!, took, upTo: fixture.now() - before };
    };
    let { apart, took, waited, upTo } = await attempt();
    // The kernel starts to timestamp a moment after the first socket asks for it.
    for (let more = 20; apart < 5 && more > 0; more--) ({ apart, took, waited, upTo } = await attempt());
    expect(apart).toBeGreaterThan(5);
    // The kernel uses a different clock.
    expect(apart).toBeLessThan(took + 5);
    // The first waited at least until the second arrived; the wall clock counts whole milliseconds.
    expect(waited).toBeGreaterThan(apart - 1.5);
    expect(waited).toBeLessThan(upTo + 5);
  });

  it('sends packets in order at the latest at the flush, and none twice', async () => {
    const { fixture, sockets } = await make(2);
    const [a, b] = sockets;
    a.setRemote({ address: fixture.host, port: b.port });
    const words = Array.from({ length: 90 }, (_, i) => `word ${i}`);
    for (const word of words) a.send(a.packet.write(word));
    flush();
    flush();
    const texts: string[] = [];
    for (let tries = 0; tries < 20 && texts.length < words.length; tries++) {
      await fixture.settle();
      texts.push(...received(b));
    }
    expect(texts).toEqual(words.map((word) => `${word} from ${a.port}`));
    expect(received(b)).toEqual([]);
  });

  it('sends what waits when it is closed', async () => {
    const { fixture, sockets } = await make(2);
    const [a, b] = sockets;
    a.setRemote({ address: fixture.host, port: b.port });
    a.send(a.packet.write('bye'));
    a.close();
    flush();
    await fixture.settle();
    expect(received(b)).toEqual([`bye from ${a.port}`]);
    open = [b];
  });

  it('fails to open a port that is in use', async () => {
    const { fixture, sockets } = await make(1);
    await expect(fixture.sockets.open(fixture.host, sockets[0].port)).rejects.toThrow('EADDRINUSE');
  });

  it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])('fails to open port %s', async (port) => {
    const fixture = await fixtures[name]!();
    await expect(fixture.sockets.open(fixture.host, port)).rejects.toThrow();
  });

  it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])(
    'sends nothing to port %s, and then works as before',
    async (port) => {
      const { fixture, sockets } = await make(2);
      const [a, b] = sockets;
      for (const direct of [a.setRemote, a.connect]) {
        direct.call(a, { address: fixture.host, port });
        send(a, 'nowhere');
      }
      a.connect({ address: fixture.host, port: b.port });
      send(a, 'to b');
      await fixture.settle();
      expect(received(b)).toEqual([`to b from ${a.port}`]);
    },
  );

  it.each(['192.0.2.999', '127.1', '::ffff:127.0.0.1.1', '', 'fe80::1%lo', '[::1]'])(
    'sends nothing to %j, and then works as before',
    async (address) => {
      const { fixture, sockets } = await make(2);
      const [a, b] = sockets;
      a.connect({ address, port: b.port });
      send(a, 'nowhere');
      a.connect({ address: fixture.host, port: b.port });
      send(a, 'to b');
      await fixture.settle();
      expect(received(b)).toEqual([`to b from ${a.port}`]);
    },
  );
});

it('uses batched libc calls on Linux and dgram for IPv6', async () => {
  const lines: string[] = [];
  const log = { info: (_fields: object, message: string) => lines.push(message) };
  const expected = process.platform === 'linux' ? 'libc' : 'dgram';
  expect((await rtpSockets('127.0.0.1', log)).kind).toBe(expected);
  expect((await rtpSockets('::1', log)).kind).toBe('dgram');
  expect(lines).toHaveLength(expected === 'libc' ? 0 : 1);
});
