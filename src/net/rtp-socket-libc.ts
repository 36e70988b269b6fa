import { createRequire } from 'node:module';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import type * as Koffi from 'koffi';
import { isPort } from '../../contract/network-address.ts';
import { systemClock } from '../core/index.ts';
import { badPortError } from './datagram.ts';
import { DatagramSlots, SOCKADDR_BYTES, socketAddress } from './libc-layout.ts';
import type { Endpoint } from './network.ts';
import { type DatagramHandler, MAX_PACKET_BYTES, type RtpSocket, type RtpSockets } from './rtp-socket.ts';

// Constants of Linux on x86-64 and arm64.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
/** Rounds of eight datagrams per tick: a flood on one port must not delay the others. */
const MAX_ROUNDS = 8;
/** An upper bound of the time in the kernel: every socket is read at least once per second. */
const MAX_WAIT_MS = 10_000;
const NO_ADDRESS = new Uint8Array(SOCKADDR_BYTES);
/** Packets that are sent one right after the other. More would no longer be in the CPU cache. */
const BATCH = 64;

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, to: Uint8Array, size: number): number;
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number, timeout: null): number;
  close(fd: number): number;
  /** The name of the last system error: `EADDRINUSE`. */
  lastError(): string;
}

/**
 * Loads IPv4 sockets that call libc directly.
 *
 * One batched call per 20 ms tick reads all waiting datagrams of a socket, and no packet wakes the event loop. Rejects
 * unless it runs on Linux with koffi and a known structure layout.
 */
export async function loadLibc(): Promise<RtpSockets> {
  if (process.platform !== 'linux') throw new Error(`no libc calls on ${process.platform}`);
  if (!['x64', 'arm64'].includes(process.arch) || endianness() !== 'LE')
    throw new Error(`the structure layout of libc on ${process.arch} is not known`);
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  const libc = bindings(koffi);
  // All sockets of a thread share one set of buffers, which is emptied before the next socket is read.
  const slots = new DatagramSlots(8, (buffer) => BigInt(koffi.address(buffer)));
  const batch = new SendBatch();
  return {
    kind: 'libc',
    async open(host, port) {
      if (!isPort(port)) throw badPortError({ address: host, port });
      return new LibcSocket(libc, { slots, batch }, bound(libc, host, port), port);
    },
    flush: () => batch.flush(),
  };
}

function bindings(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    connect: library.func('int connect(int, void *, uint32_t)'),
    send: library.func('int64_t send(int, void *, size_t, int)'),
    sendto: library.func('int64_t sendto(int, void *, size_t, int, void *, uint32_t)'),
    recvmmsg: library.func('int recvmmsg(int, void *, uint32_t, int, void *)'),
    close: library.func('int close(int)'),
    lastError: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
  } as unknown as Libc;
}

function bound(libc: Libc, host: string, port: number): number {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError('socket', libc.lastError());
  // The kernel timestamps packets, so that our ticks do not affect measured jitter.
  libc.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, new Uint8Array([1, 0, 0, 0]), 4);
  if (libc.bind(fd, socketAddress({ address: host, port }), SOCKADDR_BYTES) === 0) return fd;
  const name = libc.lastError();
  libc.close(fd);
  throw systemError(`bind ${host}:${port}`, name);
}

function systemError(what: string, code: string): Error {
  return Object.assign(new Error(`${what}: ${code}`), { code });
}

/** Packets of all sockets of a thread that wait to be sent, in order. */
class SendBatch {
  #packets = Array.from({ length: BATCH }, () => Buffer.alloc(MAX_PACKET_BYTES));
  #lengths = new Int32Array(BATCH);
  #sockets: LibcSocket[] = [];
  #count = 0;

  /** The memory for the next packet. */
  get next(): Buffer {
    return this.#packets[this.#count]!;
  }

  /** Adds the next packet. */
  add(socket: LibcSocket, length: number): void {
    this.#sockets[this.#count] = socket;
    this.#lengths[this.#count] = length;
    if (++this.#count === BATCH) this.flush();
  }

  flush(): void {
    const count = this.#count;
    // First, so that whatever happens, no packet is sent twice: with SRTP, that would look like an attack.
    this.#count = 0;
    for (let i = 0; i < count; i++) this.#sockets[i]!.transmit(this.#packets[i]!, this.#lengths[i]!);
  }
}

class LibcSocket implements RtpSocket {
  readonly port: number;
  unsent = 0;
  #libc: Libc;
  #slots: DatagramSlots;
  #batch: SendBatch;
  #fd: number;
  #target: Uint8Array | undefined;
  #connected = false;

  /** @param shared buffers of all sockets of the thread. */
  constructor(libc: Libc, shared: { slots: DatagramSlots; batch: SendBatch }, fd: number, port: number) {
    this.#libc = libc;
    this.#slots = shared.slots;
    this.#batch = shared.batch;
    this.#fd = fd;
    this.port = port;
  }

  setRemote(to: Endpoint): void {
    // A `sockaddr` of family AF_UNSPEC (0) disconnects the socket, which keeps its bound port.
    if (this.#connected) this.#libc.connect(this.#fd, NO_ADDRESS, SOCKADDR_BYTES);
    this.#connected = false;
    this.#target = isPort(to.port) && isIPv4(to.address) ? socketAddress(to) : undefined;
  }

  connect(to: Endpoint): void {
    this.setRemote(to);
    if (!this.#target) return;
    if (this.#libc.connect(this.#fd, this.#target, SOCKADDR_BYTES) === 0) this.#connected = true;
    else this.unsent++;
  }

  elapsedSince(arrivedAt: number): number {
    // The kernel's timestamp is wall-clock time. If the clock was set since, or there is none, the age is unknown.
    const ms = systemClock.now() - arrivedAt;
    return ms > 0 && ms < MAX_WAIT_MS ? ms : 0;
  }

  receive(handle: DatagramHandler): void {
    const { capacity, headers } = this.#slots;
    for (let rounds = 0, count = capacity; count === capacity && rounds < MAX_ROUNDS; rounds++) {
      // −1: no datagram waits, or the remote port is closed, which `send` reports as well.
      count = this.#libc.recvmmsg(this.#fd, headers, capacity, MSG_DONTWAIT, null);
      for (let slot = 0; slot < count; slot++) {
        // The kernel keeps datagrams that other sources sent before `connect`.
        if (!this.#connected || this.#slots.isFrom(slot, this.#target!)) this.#slots.pass(slot, handle);
        this.#slots.clear(slot);
      }
    }
  }

  get packet(): Buffer {
    return this.#batch.next;
  }

  send(length: number): void {
    if (this.#target) this.#batch.add(this, length);
  }

  /** Passes a packet of the batch to the kernel. */
  transmit(bytes: Uint8Array, length: number): void {
    if (!this.#target) return;
    const sent = this.#connected
      ? this.#libc.send(this.#fd, bytes, length, MSG_DONTWAIT)
      : this.#libc.sendto(this.#fd, bytes, length, MSG_DONTWAIT, this.#target, SOCKADDR_BYTES);
    if (sent < 0) this.unsent++;
  }

  close(): void {
    this.#batch.flush();
    if (this.#fd >= 0) this.#libc.close(this.#fd);
    this.#fd = -1;
  }
}
