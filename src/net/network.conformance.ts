import { afterEach, describe, expect, it } from 'vitest';
import { type Defect, defects } from '../core/index.ts';
import type { Datagrams, Endpoint, Network, Stream } from './network.ts';

/** A network with what a test needs to know of it. */
export interface NetworkBed {
  network: Network;
  /** An address of this network's host. */
  host: string;
  /** Lets time pass where it does not pass by itself. */
  elapse(): Promise<void>;
}

/** What every `Network` must do, on a machine or in memory: above all, what it must refuse. */
export function networkConformance(open: () => Promise<NetworkBed>): void {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Waits for a condition, letting time pass meanwhile. */
  async function until(bed: NetworkBed, condition: () => boolean): Promise<void> {
    while (!condition()) await bed.elapse();
  }
  async function bind({ network, host }: NetworkBed, port = 0, received = (_: Buffer, __: Endpoint) => {}) {
    const socket = await network.bind({ address: host, port }, received);
    closing.push(() => socket.close());
    return socket;
  }
  async function failureOf(bed: NetworkBed, socket: Datagrams, to: Endpoint, data = Buffer.from('x')) {
    let failure: (Error & { code?: string }) | undefined;
    expect(() => socket.send(data, to, (error) => (failure = error))).not.toThrow();
    expect(failure, 'is told later, never during the call').toBeUndefined();
    await until(bed, () => failure !== undefined);
    return failure!.code;
  }
  function catchDefects(): Defect[] {
    const seen: Defect[] = [];
    closing.push(defects.on((defect) => seen.push(defect)));
    return seen;
  }

  describe('datagrams', () => {
    it('arrive with the address they came from', async () => {
      const bed = await open();
      const got: { text: string; from: Endpoint }[] = [];
      const to = await bind(bed, 0, (data, from) => got.push({ text: String(data), from }));
      const from = await bind(bed);
      from.send(Buffer.from('hello'), to.local);
      await until(bed, () => got.length > 0);
      expect(got).toEqual([{ text: 'hello', from: from.local }]);
    });

    it.each([0, -1, 65_536, 99_999, 1.5, Number.NaN])('to port %s fail, and are not thrown', async (port) => {
      const bed = await open();
      const socket = await bind(bed);
      expect(await failureOf(bed, socket, { address: bed.host, port })).toBe('ERR_SOCKET_BAD_PORT');
      expect(await failureOf(bed, socket, { address: bed.host, port })).toBe('ERR_SOCKET_BAD_PORT');
    });

    it.each(['::1', 'fe80::1%none'])('to %s, of another family, fail', async (address) => {
      const bed = await open();
      expect(await failureOf(bed, await bind(bed), { address, port: 5060 })).toBe('EINVAL');
    });

    it.each(['host.invalid', '', '127.1', '[::1]', '1.2.3.4.5'])(
      'to %j, no address, fail',
      async (address) => {
        const bed = await open();
        expect(await failureOf(bed, await bind(bed), { address, port: 5060 })).toMatch(/^E/);
      },
    );

    it('that are too large fail', async () => {
      const bed = await open();
      const socket = await bind(bed);
      expect(await failureOf(bed, socket, socket.local, Buffer.alloc(65_508))).toBe('EMSGSIZE');
    });

    it('of a closed socket fail', async () => {
      const bed = await open();
      const socket = await bed.network.bind({ address: bed.host, port: 0 }, () => {});
      await socket.close();
      const to = { address: bed.host, port: 5060 };
      expect(await failureOf(bed, socket, to)).toBe('ERR_SOCKET_DGRAM_NOT_RUNNING');
    });

    it('go on after a receiver has thrown, which is reported', async () => {
      const seen = catchDefects();
      const bed = await open();
      let count = 0;
      const to = await bind(bed, 0, () => {
        count++;
        throw new Error('receiver');
      });
      const from = await bind(bed);
      from.send(Buffer.from('1'), to.local);
      from.send(Buffer.from('2'), to.local);
      await until(bed, () => count === 2);
      expect(seen.map(({ origin }) => origin)).toEqual(['net.datagram', 'net.datagram']);
    });

    it('report a failure handler that throws', async () => {
      const seen = catchDefects();
      const bed = await open();
      const socket = await bind(bed);
      socket.send(Buffer.from('x'), { address: bed.host, port: 0 }, () => {
        throw new Error('handler');
      });
      await until(bed, () => seen.length > 0);
      expect(seen[0]!.origin).toBe('net.datagram');
    });

    it('are not bound twice, nor to an impossible port or address', async () => {
      const bed = await open();
      const { port } = (await bind(bed)).local;
      await expect(bind(bed, port)).rejects.toThrow(/EADDRINUSE/);
      await expect(bind(bed, 65_536)).rejects.toThrow();
      await expect(bind({ ...bed, host: 'host.invalid' })).rejects.toThrow();
    });
  });

  describe('streams', () => {
    async function pair(bed: NetworkBed) {
      let there: Stream | undefined;
      const at = { address: bed.host, port: 0 };
      const listener = await bed.network.listen(at, (stream) => (there = stream));
      closing.push(() => listener.close());
      const here = await bed.network.connect(listener.local, new AbortController().signal);
      closing.push(() => here.close());
      await until(bed, () => there !== undefined);
      return { here, there: there!, listener };
    }

    it('carry bytes, and tell of their end once', async () => {
      const bed = await open();
      const { here, there } = await pair(bed);
      const got: string[] = [];
      let ends = 0;
      there.handle({ data: (chunk) => got.push(String(chunk)), closed: () => ends++ });
      here.handle({ data() {}, closed() {} });
      here.write(Buffer.from('hello'));
      await until(bed, () => got.join('') === 'hello');
      here.close();
      await until(bed, () => ends > 0);
      there.close();
      there.write(Buffer.from('late'));
      await bed.elapse();
      expect(ends).toBe(1);
    });

    it('end when their handler throws, and no other ends with them', async () => {
      const seen = catchDefects();
      const bed = await open();
      const [one, two] = [await pair(bed), await pair(bed)];
      let ended = false;
      one.there.handle({
        data() {
          throw new Error('handler');
        },
        closed: () => (ended = true),
      });
      one.here.handle({ data() {}, closed() {} });
      let heard = '';
      two.there.handle({ data: (chunk) => (heard += chunk), closed() {} });
      two.here.handle({ data() {}, closed() {} });
      one.here.write(Buffer.from('x'));
      await until(bed, () => ended);
      two.here.write(Buffer.from('y'));
      await until(bed, () => heard === 'y');
      expect(seen.map(({ origin }) => origin)).toEqual(['net.stream']);
    });

    it.each([-1, 65_536, 99_999, Number.NaN])('to port %s are refused', async (port) => {
      const { network, host } = await open();
      const connecting = network.connect({ address: host, port }, new AbortController().signal);
      await expect(connecting).rejects.toThrow();
    });

    it('are refused where nobody listens, and after an abort', async () => {
      const { network, host } = await open();
      const listener = await network.listen({ address: host, port: 0 }, () => {});
      await listener.close();
      await expect(network.connect(listener.local, new AbortController().signal)).rejects.toThrow(
        /ECONNREFUSED/,
      );
      await expect(network.connect(listener.local, AbortSignal.abort())).rejects.toThrow();
    });

    it('are not listened for at an impossible port', async () => {
      const { network, host } = await open();
      await expect(network.listen({ address: host, port: 65_536 }, () => {})).rejects.toThrow();
    });
  });

  describe('names', () => {
    it.each(['127.1', '0x7f000001', '2130706433', '0177.0.0.1', '1.2.3.4.5', 'a b', 'fe80::1%lo'])(
      '%j is not taken for an address',
      async (name) => {
        const { network } = await open();
        await expect(network.resolve(name)).rejects.toThrow(/ENOTFOUND/);
      },
    );

    it('an address stands for itself, in its one form', async () => {
      const { network } = await open();
      expect(await network.resolve('192.0.2.1')).toEqual(['192.0.2.1']);
      expect(await network.resolve('::FFFF:192.0.2.1')).toEqual(['192.0.2.1']);
      expect(await network.resolve('2001:DB8:0::1')).toEqual(['2001:db8::1']);
    });
  });
}
