import { afterEach, describe, expect, it } from 'vitest';
import { type Defect, defects } from '../core/index.ts';
import type { Datagrams, Endpoint, Network, Stream } from './network.ts';

/** A network and what its tests need. */
export interface NetworkFixture {
  network: Network;
  /** An address of this network's host. */
  host: string;
  /** Lets time pass. */
  elapse(): Promise<void>;
}

/** Tests that every `Network` passes, above all for what it must refuse. */
export function networkConformance(open: () => Promise<NetworkFixture>): void {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Lets time pass until a condition is true. */
  async function until(fixture: NetworkFixture, condition: () => boolean): Promise<void> {
    while (!condition()) await fixture.elapse();
  }
  async function bind(
    { network, host }: NetworkFixture,
    port = 0,
    received = (_: Buffer, __: Endpoint) => {},
  ) {
    const socket = await network.bind({ address: host, port }, received);
    closing.push(() => socket.close());
    return socket;
  }
  async function failureOf(
    fixture: NetworkFixture,
    socket: Datagrams,
    to: Endpoint,
    data = Buffer.from('x'),
  ) {
    let failure: (Error & { code?: string }) | undefined;
    expect(() => socket.send(data, to, (error) => (failure = error))).not.toThrow();
    expect(failure, 'is reported later, never during the call').toBeUndefined();
    await until(fixture, () => failure !== undefined);
    return failure!.code;
  }
  function catchDefects(): Defect[] {
    const seen: Defect[] = [];
    closing.push(defects.on((defect) => seen.push(defect)));
    return seen;
  }

  describe('datagrams', () => {
    it('arrive with the address of their sender', async () => {
      const fixture = await open();
      const got: { text: string; from: Endpoint }[] = [];
      const to = await bind(fixture, 0, (data, from) => got.push({ text: String(data), from }));
      const from = await bind(fixture);
      from.send(Buffer.from('hello'), to.local);
      await until(fixture, () => got.length > 0);
      expect(got).toEqual([{ text: 'hello', from: from.local }]);
    });

    it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])('to port %s fail without throwing', async (port) => {
      const fixture = await open();
      const socket = await bind(fixture);
      expect(await failureOf(fixture, socket, { address: fixture.host, port })).toBe('ERR_SOCKET_BAD_PORT');
      expect(await failureOf(fixture, socket, { address: fixture.host, port })).toBe('ERR_SOCKET_BAD_PORT');
    });

    it.each(['::1', 'fe80::1%none'])('to %s, an address of another family, fail', async (address) => {
      const fixture = await open();
      expect(await failureOf(fixture, await bind(fixture), { address, port: 5060 })).toBe('EINVAL');
    });

    it.each(['host.invalid', '', '127.1', '[::1]', '1.2.3.4.5'])(
      'to %j, which is not an address, fail',
      async (address) => {
        const fixture = await open();
        expect(await failureOf(fixture, await bind(fixture), { address, port: 5060 })).toMatch(/^E/);
      },
    );

    it('that are too large fail', async () => {
      const fixture = await open();
      const socket = await bind(fixture);
      expect(await failureOf(fixture, socket, socket.local, Buffer.alloc(65_508))).toBe('EMSGSIZE');
    });

    it('sent by a closed socket fail', async () => {
      const fixture = await open();
      const socket = await fixture.network.bind({ address: fixture.host, port: 0 }, () => {});
      await socket.close();
      const to = { address: fixture.host, port: 5060 };
      expect(await failureOf(fixture, socket, to)).toBe('ERR_SOCKET_DGRAM_NOT_RUNNING');
    });

    it('are received after a receiver has thrown, and the error is reported', async () => {
      const seen = catchDefects();
      const fixture = await open();
      let count = 0;
      const to = await bind(fixture, 0, () => {
        count++;
        throw new Error('receiver');
      });
      const from = await bind(fixture);
      from.send(Buffer.from('1'), to.local);
      from.send(Buffer.from('2'), to.local);
      await until(fixture, () => count === 2);
      expect(seen.map(({ origin }) => origin)).toEqual(['net.datagram', 'net.datagram']);
    });

    it('report an error that the failure handler throws', async () => {
      const seen = catchDefects();
      const fixture = await open();
      const socket = await bind(fixture);
      socket.send(Buffer.from('x'), { address: fixture.host, port: 0 }, () => {
        throw new Error('handler');
      });
      await until(fixture, () => seen.length > 0);
      expect(seen[0]!.origin).toBe('net.datagram');
    });

    it('cannot be bound twice, or to an invalid port or address', async () => {
      const fixture = await open();
      const { port } = (await bind(fixture)).local;
      await expect(bind(fixture, port)).rejects.toThrow(/EADDRINUSE/);
      await expect(bind(fixture, 65_536)).rejects.toThrow();
      await expect(bind({ ...fixture, host: 'host.invalid' })).rejects.toThrow();
    });
  });

  describe('streams', () => {
    async function pair(fixture: NetworkFixture) {
      let there: Stream | undefined;
      const at = { address: fixture.host, port: 0 };
      const listener = await fixture.network.listen(at, (stream) => (there = stream));
      closing.push(() => listener.close());
      const here = await fixture.network.connect(listener.local, new AbortController().signal);
      closing.push(() => here.close());
      await until(fixture, () => there !== undefined);
      return { here, there: there!, listener };
    }

    it('carry bytes and report their end once', async () => {
      const fixture = await open();
      const { here, there } = await pair(fixture);
      const got: string[] = [];
      let ends = 0;
      there.handle({ data: (chunk) => got.push(String(chunk)), closed: () => ends++ });
      here.handle({ data() {}, closed() {} });
      here.write(Buffer.from('hello'));
      await until(fixture, () => got.join('') === 'hello');
      here.close();
      await until(fixture, () => ends > 0);
      there.close();
      there.write(Buffer.from('late'));
      await fixture.elapse();
      expect(ends).toBe(1);
    });

    it('are closed when their handler throws, while others stay open', async () => {
      const seen = catchDefects();
      const fixture = await open();
      const [one, two] = [await pair(fixture), await pair(fixture)];
      let ended = false;
      one.there.handle({
        data() {
          throw new Error('handler');
        },
        closed: () => (ended = true),
      });
      one.here.handle({ data() {}, closed() {} });
      let received = '';
      two.there.handle({ data: (chunk) => (received += chunk), closed() {} });
      two.here.handle({ data() {}, closed() {} });
      one.here.write(Buffer.from('x'));
      await until(fixture, () => ended);
      two.here.write(Buffer.from('y'));
      await until(fixture, () => received === 'y');
      expect(seen.map(({ origin }) => origin)).toEqual(['net.stream']);
    });

    it.each([-1, 65_536, 99_999, Number.NaN])('to port %s are refused', async (port) => {
      const { network, host } = await open();
      const connecting = network.connect({ address: host, port }, new AbortController().signal);
      await expect(connecting).rejects.toThrow();
    });

    it('are refused by a closed port and after an abort', async () => {
      const { network, host } = await open();
      const listener = await network.listen({ address: host, port: 0 }, () => {});
      await listener.close();
      await expect(network.connect(listener.local, new AbortController().signal)).rejects.toThrow(
        /ECONNREFUSED/,
      );
      await expect(network.connect(listener.local, AbortSignal.abort())).rejects.toThrow();
    });

    it('cannot listen on an invalid port', async () => {
      const { network, host } = await open();
      await expect(network.listen({ address: host, port: 65_536 }, () => {})).rejects.toThrow();
    });
  });

  describe('names', () => {
    it.each(['127.1', '0x7f000001', '2130706433', '0177.0.0.1', '1.2.3.4.5', 'a b', 'fe80::1%lo'])(
      '%j is not accepted as an address',
      async (name) => {
        const { network } = await open();
        await expect(network.resolve(name)).rejects.toThrow(/ENOTFOUND/);
      },
    );

    it('an address resolves to itself in canonical form', async () => {
      const { network } = await open();
      expect(await network.resolve('192.0.2.1')).toEqual(['192.0.2.1']);
      expect(await network.resolve('::FFFF:192.0.2.1')).toEqual(['192.0.2.1']);
      expect(await network.resolve('2001:DB8:0::1')).toEqual(['2001:db8::1']);
    });
  });
}
