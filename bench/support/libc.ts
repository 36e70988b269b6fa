/** The functions of libc that the phones need: sockets that block a thread, and the CPU time of a process. */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { SOCKADDR_BYTES, socketAddress } from '../../src/net/libc-layout.ts';

// Constants of Linux on x86-64 and arm64.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const SCHED_RR = 2;
/** `struct epoll_event` has no padding on x86-64. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const EVENT_DATA = EVENT_BYTES - 8;

export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: Uint8Array, capacity: number, timeoutMs: number): number;
  usleep(microseconds: number): number;
  gettid(): number;
  sched_setscheduler(thread: number, policy: number, parameter: Uint8Array): number;
  clock_gettime(clock: number, time: Uint8Array): number;
}

/** @throws where there is no libc with epoll, or no koffi. */
function load(): Libc {
  if (process.platform !== 'linux') throw new Error('The phones of the benches need Linux: they use epoll.');
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    connect: library.func('int connect(int, void *, uint32_t)'),
    send: library.func('int64_t send(int, void *, size_t, int)'),
    recv: library.func('int64_t recv(int, void *, size_t, int)'),
    close: library.func('int close(int)'),
    epoll_create1: library.func('int epoll_create1(int)'),
    epoll_ctl: library.func('int epoll_ctl(int, int, int, void *)'),
    epoll_wait: library.func('int epoll_wait(int, void *, int, int)'),
    usleep: library.func('int usleep(uint32_t)'),
    gettid: library.func('int gettid()'),
    sched_setscheduler: library.func('int sched_setscheduler(int, int, void *)'),
    clock_gettime: library.func('int clock_gettime(int, void *)'),
  } as unknown as Libc;
}

let loaded: Libc | undefined;

export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** Opens a UDP socket that never blocks a read. @throws when the port is taken. */
export function openUdp(address: string, port: number): number {
  const fd = libc().socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && libc().bind(fd, socketAddress({ address, port }), SOCKADDR_BYTES) === 0) return fd;
  if (fd >= 0) libc().close(fd);
  throw new Error(`could not open UDP port ${port} of ${address}`);
}

export function connectUdp(fd: number, remote: { address: string; port: number }): void {
  libc().connect(fd, socketAddress(remote), SOCKADDR_BYTES);
}

/** Sockets that one thread waits for; other threads may add and remove them. */
export class Epoll {
  readonly fd: number;
  readonly #events = Buffer.alloc(EVENT_BYTES * 16);

  constructor(fd = libc().epoll_create1(0)) {
    this.fd = fd;
  }

  /** @param tag what `wait` reports when the socket can be read. */
  add(fd: number, tag: number): void {
    const event = Buffer.alloc(EVENT_BYTES);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeUInt32LE(tag, EVENT_DATA);
    libc().epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, event);
  }

  remove(fd: number): void {
    libc().epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, this.#events);
  }

  /** Blocks the thread until a socket can be read, or time is up, and passes the tags of those that can. */
  wait(timeoutMs: number, ready: (tag: number) => void): void {
    const count = libc().epoll_wait(this.fd, this.#events, 16, timeoutMs);
    for (let n = 0; n < count; n++) ready(this.#events.readUInt32LE(n * EVENT_BYTES + EVENT_DATA));
  }
}

/**
 * Gives the calling thread real-time priority where the system allows it. A phone stands for another machine, which the
 * rest of the load on this one does not delay.
 */
export function runInRealTime(): void {
  libc().sched_setscheduler(0, SCHED_RR, Buffer.from([1, 0, 0, 0]));
}

/** clock_getcpuclockid(3): the scheduler's clock of a whole process. */
const cpuClockOf = (pid: number): number => (~pid << 3) | 2;

/** CPU time of a process in milliseconds: all its threads, the ended ones too, in user and system mode. */
export function cpuMsOf(pid: number): number {
  const time = Buffer.alloc(16);
  if (libc().clock_gettime(cpuClockOf(pid), time) !== 0) throw new Error(`there is no process ${pid}`);
  return Number(time.readBigInt64LE(0)) * 1000 + Number(time.readBigInt64LE(8)) / 1e6;
}
