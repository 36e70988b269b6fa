import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { connectUdp, Epoll, libc, openUdp } from './libc.ts';
import type { Sending } from './rtp-sender.ts';
import { RtpTable, STREAMS } from './rtp-table.ts';

/** Packets of all streams so far, and how often a packet has woken a thread. */
export interface Packets {
  sent: number;
  received: number;
  lost: number;
  wakes: number;
}

/** The audio of many phones: threads that the kernel wakes for each packet, and one that sends. */
export class RtpStreams {
  readonly #table = new RtpTable();
  readonly #threads: Worker[] = [];
  readonly #readers: { epoll: Epoll; tid: number }[] = [];
  readonly #free: number[] = [];
  /** Of streams that are closed. */
  readonly #closed = { sent: 0, received: 0, lost: 0 };

  private constructor() {
    this.#table.socket.fill(-1);
    for (let stream = STREAMS - 1; stream >= 0; stream--) this.#free.push(stream);
  }

  /**
   * @param readers threads that share the streams in turn. A thread that is still awake from the packet of another
   * phone is not woken, so one thread for all would make a server look better that sends in bursts.
   */
  static async start(sending: Sending = 'spread', readers = 1): Promise<RtpStreams> {
    const streams = new RtpStreams();
    // A thread that is in the kernel may miss that it is terminated.
    process.once('exit', () => streams.#end());
    await Promise.all(Array.from({ length: readers }, () => streams.#startReader()));
    const workerData = { memory: streams.#table.memory, sending };
    streams.#threads.push(new Worker(new URL('./rtp-sender.ts', import.meta.url), { workerData }));
    return streams;
  }

  /** @param port even; RTCP comes to the port above it, and nobody reads it. @throws when one of them is taken */
  open(address: string, port: number): RtpStream {
    const [fd, rtcp] = openPair(address, port);
    const stream = this.#free.pop();
    if (stream === undefined) throw new Error(`there are more than ${STREAMS} streams`);
    this.#table.socket[stream] = fd;
    const { epoll } = this.#readers[stream % this.#readers.length]!;
    epoll.add(fd, stream);
    return new RtpStream(this.#table, stream, fd, () => {
      epoll.remove(fd);
      libc().close(fd);
      libc().close(rtcp);
      this.#forget(stream);
    });
  }

  packets(): Packets {
    const sum = (column: Int32Array) => column.reduce((total, count) => total + count, 0);
    const { sent, received, lost } = this.#closed;
    return {
      sent: sent + sum(this.#table.sent),
      received: received + sum(this.#table.received),
      lost: lost + sum(this.#table.lost),
      wakes: this.#readers.reduce((total, { tid }) => total + voluntarySwitches(tid), 0),
    };
  }

  async close(): Promise<void> {
    this.#end();
    await Promise.all(this.#threads.map((thread) => once(thread, 'exit')));
    for (const { epoll } of this.#readers) libc().close(epoll.fd);
  }

  #end(): void {
    this.#table.ended[0] = 1;
  }

  async #startReader(): Promise<void> {
    const epoll = new Epoll();
    const workerData = { memory: this.#table.memory, epoll: epoll.fd };
    const reader = new Worker(new URL('./rtp-reader.ts', import.meta.url), { workerData });
    this.#threads.push(reader);
    const [tid] = await once(reader, 'message');
    this.#readers.push({ epoll, tid });
  }

  #forget(stream: number): void {
    for (const name of ['sent', 'received', 'lost'] as const) {
      this.#closed[name] += this.#table[name][stream]!;
      this.#table[name][stream] = 0;
    }
    this.#table.socket[stream] = -1;
    this.#free.push(stream);
  }
}

/** The audio of one phone. */
export class RtpStream {
  readonly #table: RtpTable;
  readonly #stream: number;
  readonly #fd: number;
  readonly #release: () => void;
  #open = true;

  constructor(table: RtpTable, stream: number, fd: number, release: () => void) {
    this.#table = table;
    this.#stream = stream;
    this.#fd = fd;
    this.#release = release;
  }

  /** When the last packet was sent, in milliseconds of `monotonicMs`. */
  get lastSentAt(): number {
    return this.#table.lastSentAt[this.#stream]!;
  }

  /** Whether it sends a packet every 20 ms. */
  set talking(talking: boolean) {
    if (this.#open) this.#table.talking[this.#stream] = talking ? 1 : 0;
  }

  connect(remote: { address: string; port: number }): void {
    connectUdp(this.#fd, remote);
  }

  close(): void {
    if (!this.#open) return;
    this.talking = false;
    this.#open = false;
    this.#release();
  }
}

function openPair(address: string, port: number): [rtp: number, rtcp: number] {
  const rtp = openUdp(address, port);
  try {
    return [rtp, openUdp(address, port + 1)];
  } catch (error) {
    libc().close(rtp);
    throw error;
  }
}

/** How often a thread has gone to sleep by itself, and so has been woken. */
function voluntarySwitches(tid: number): number {
  const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}
