import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../e2e/support/peers.ts';
import { createLog, seededRandom, silentLog, sleep, systemClock } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { dgramSockets, type RtpSocket, type RtpSockets, rtpSockets } from './rtp-socket.ts';
import { networkSockets } from './rtp-socket-network.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

interface Bed {
  sockets: RtpSockets;
  host: string;
  /** Lets what is on its way arrive. */
  settle(): Promise<void>;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
  /** Milliseconds. */
  now(): number;
}

const loopback = (sockets: RtpSockets, host = '127.0.0.1'): Bed => ({
  sockets,
  host,
  settle: () => overtaken(host),
  pass: (ms) => sleep(systemClock, ms),
  now: () => systemClock.monotonic(),
});

/** Resolves when datagrams that were sent later than others have arrived, several times. */
async function overtaken(host: string): Promise<void> {
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

function inMemory(): Bed {
  const clock = new VirtualClock();
  const sockets = networkSockets(new MemoryNetwork(clock, seededRandom(1)), clock);
  const pass = (ms: number) => clock.advance(ms);
  return { sockets, host: '10.0.0.1', settle: () => pass(100), pass, now: () => clock.monotonic() };
}

const beds: Record<string, () => Promise<Bed>> = {
  'the cheapest of this machine': async () => loopback(await rtpSockets('127.0.0.1', silentLog)),
  dgram: async () => loopback(dgramSockets),
  'dgram with IPv6': async () => loopback(await rtpSockets('::1', silentLog), '::1'),
  'a network in memory': async () => inMemory(),
};

describe.each(Object.keys(beds))('RTP sockets: %s', (name) => {
  let open: RtpSocket[] = [];
  afterEach(() => {
    for (const socket of open) socket.close();
    open = [];
  });

  async function make(count: number) {
    const bed = await beds[name]!();
    for (let i = 0; i < count; i++) open.push(await bed.sockets.open(bed.host, freePort()));
    return { bed, sockets: open as [RtpSocket, RtpSocket, RtpSocket] };
  }
  const heard = (socket: RtpSocket) => {
    const texts: string[] = [];
    socket.receive((bytes, length, from) =>
      texts.push(`${Buffer.from(bytes).toString('latin1', 0, length)} from ${from.port}`),
    );
    return texts;
  };
  const say = (socket: RtpSocket, text: string) => socket.send(Buffer.from(text), text.length);

  it('hands over all datagrams in order, with their source, however many wait', async () => {
    const { bed, sockets } = await make(2);
    const [a, b] = sockets;
    a.aim({ address: bed.host, port: b.port });
    const words = Array.from({ length: 20 }, (_, i) => `word ${i}`);
    for (const word of words) say(a, word);
    await bed.settle();
    expect(heard(b).sort()).toEqual(words.map((word) => `${word} from ${a.port}`).sort());
    expect(heard(b)).toEqual([]);
  });

  it('hears everybody until it is connected, then only its peer, even of what came before', async () => {
    const { bed, sockets } = await make(3);
    const [a, peer, foreigner] = sockets;
    for (const socket of [peer, foreigner]) socket.aim({ address: bed.host, port: a.port });
    say(foreigner, 'first');
    await bed.settle();
    expect(heard(a)).toEqual([`first from ${foreigner.port}`]);
    say(foreigner, 'early');
    say(peer, 'hello');
    await bed.settle();
    a.connect({ address: bed.host, port: peer.port });
    say(foreigner, 'late');
    await bed.settle();
    expect(heard(a)).toEqual([`hello from ${peer.port}`]);
  });

  it('opens up again when it is aimed elsewhere, on the same port', async () => {
    const { bed, sockets } = await make(3);
    const [a, b, c] = sockets;
    a.connect({ address: bed.host, port: b.port });
    a.aim({ address: bed.host, port: c.port });
    c.aim({ address: bed.host, port: a.port });
    say(a, 'to c');
    say(c, 'to a');
    await bed.settle();
    expect(heard(c)).toEqual([`to c from ${a.port}`]);
    expect(heard(a)).toEqual([`to a from ${c.port}`]);
  });

  it('sends nothing to what is no address, and says nothing when nobody listens', async () => {
    const { bed, sockets } = await make(1);
    const [a] = sockets;
    say(a, 'nowhere yet');
    a.aim({ address: 'phone.example', port: 4000 });
    say(a, 'no address');
    a.connect({ address: bed.host, port: freePort() });
    for (let i = 0; i < 3; i++) {
      say(a, 'nobody there');
      await bed.settle();
    }
    expect(heard(a)).toEqual([]);
    if (bed.sockets.kind !== 'network') expect(a.unsent).toBeGreaterThan(0);
  });

  it('tells when each datagram arrived, though it waited', async () => {
    const { bed, sockets } = await make(2);
    const [a, b] = sockets;
    a.aim({ address: bed.host, port: b.port });
    const attempt = async () => {
      const before = bed.now();
      say(a, 'one');
      await bed.settle();
      await bed.pass(10);
      say(a, 'two');
      await bed.settle();
      const took = bed.now() - before;
      const times: number[] = [];
      const waited: number[] = [];
      b.receive((_bytes, _length, _from, arrivedAt) => {
        times.push(arrivedAt);
        waited.push(b.since(arrivedAt));
      });
      expect(times).toHaveLength(2);
      return { apart: times[1]! - times[0]!, waited: waited[0]!, took, upTo: bed.now() - before };
    };
    let { apart, took, waited, upTo } = await attempt();
    // The kernel begins to note times a moment after the first socket wants them.
    for (let more = 20; apart < 5 && more > 0; more--) ({ apart, took, waited, upTo } = await attempt());
    expect(apart).toBeGreaterThan(5);
    // Its clock is another one.
    expect(apart).toBeLessThan(took + 5);
    // The first has waited at least until the second arrived; the clock of the day counts whole milliseconds.
    expect(waited).toBeGreaterThan(apart - 1.5);
    expect(waited).toBeLessThan(upTo + 5);
  });

  it('refuses a port that is taken', async () => {
    const { bed, sockets } = await make(1);
    await expect(bed.sockets.open(bed.host, sockets[0].port)).rejects.toThrow('EADDRINUSE');
  });

  it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])('does not open port %s', async (port) => {
    const bed = await beds[name]!();
    await expect(bed.sockets.open(bed.host, port)).rejects.toThrow();
  });

  it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])('sends nothing to port %s, and goes on', async (port) => {
    const { bed, sockets } = await make(2);
    const [a, b] = sockets;
    for (const direct of [a.aim, a.connect]) {
      direct.call(a, { address: bed.host, port });
      say(a, 'nowhere');
    }
    a.connect({ address: bed.host, port: b.port });
    say(a, 'to b');
    await bed.settle();
    expect(heard(b)).toEqual([`to b from ${a.port}`]);
  });

  it.each(['192.0.2.999', '127.1', '::ffff:127.0.0.1.1', '', 'fe80::1%lo', '[::1]'])(
    'sends nothing to %j, and goes on',
    async (address) => {
      const { bed, sockets } = await make(2);
      const [a, b] = sockets;
      a.connect({ address, port: b.port });
      say(a, 'nowhere');
      a.connect({ address: bed.host, port: b.port });
      say(a, 'to b');
      await bed.settle();
      expect(heard(b)).toEqual([`to b from ${a.port}`]);
    },
  );
});

it('uses batched libc calls on Linux, and dgram for IPv6', async () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const expected = process.platform === 'linux' ? 'libc' : 'dgram';
  expect((await rtpSockets('127.0.0.1', log)).kind).toBe(expected);
  expect((await rtpSockets('::1', log)).kind).toBe('dgram');
  expect(lines).toHaveLength(expected === 'libc' ? 0 : 1);
});
