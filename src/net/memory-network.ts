import type { Clock, Random } from '../kit/index.ts';
import type { Datagrams, Endpoint, Listener, Network, Stream, StreamHandlers } from './network.ts';

/** How badly the datagrams of a `MemoryNetwork` fare; streams are only late. */
export interface Weather {
  /** One way, in milliseconds. */
  delayMs: number;
  /** Added to the delay, evenly spread: what makes datagrams overtake each other. */
  jitterMs: number;
  /** 0–1: the part of the datagrams that are lost. */
  loss: number;
  /** 0–1: the part that arrive twice. */
  duplication: number;
}

/** One datagram on its way. */
export interface Passed {
  at: number;
  from: Endpoint;
  to: Endpoint;
  data: Buffer;
}

const key = ({ address, port }: Endpoint): string => `${address}:${port}`;

/** A network of any number of hosts inside one process, on the clock that is handed in. */
export class MemoryNetwork implements Network {
  weather: Weather = { delayMs: 5, jitterMs: 0, loss: 0, duplication: 0 };
  /** Sees every datagram as it is sent, and decides: false loses it, whatever the weather. */
  passes: (datagram: Passed) => boolean = () => true;
  /** Names that `resolve` knows. */
  readonly names = new Map<string, string[]>();
  #clock: Clock;
  #random: Random;
  #bound = new Map<string, (data: Buffer, from: Endpoint) => void>();
  #listening = new Map<string, (stream: Stream) => void>();
  #nextPort = 40_000;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  async bind(at: Endpoint, received: (data: Buffer, from: Endpoint) => void): Promise<Datagrams> {
    const local = this.#free(at, this.#bound);
    this.#bound.set(key(local), received);
    return {
      local,
      send: (data, to) => this.#send({ at: this.#clock.monotonic(), from: local, to, data }),
      close: async () => void this.#bound.delete(key(local)),
    };
  }

  async listen(at: Endpoint, accepted: (stream: Stream) => void): Promise<Listener> {
    const local = this.#free(at, this.#listening);
    this.#listening.set(key(local), accepted);
    return { local, close: async () => void this.#listening.delete(key(local)) };
  }

  async connect(to: Endpoint, signal: AbortSignal): Promise<Stream> {
    signal.throwIfAborted();
    const accepted = this.#listening.get(key(to));
    if (!accepted) throw new Error(`connect ECONNREFUSED ${key(to)}`);
    const near = { address: '10.255.255.1', port: this.#nextPort++ };
    const here = new MemoryStream(near, to, (run) => this.#clock.after(this.weather.delayMs, run));
    const there = new MemoryStream(to, near, (run) => this.#clock.after(this.weather.delayMs, run));
    here.peer = there;
    there.peer = here;
    accepted(there);
    return here;
  }

  async resolve(host: string): Promise<string[]> {
    if (/^[\d.]+$|:/.test(host)) return [host];
    const addresses = this.names.get(host);
    if (!addresses) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
    return addresses;
  }

  #free(at: Endpoint, taken: Map<string, unknown>): Endpoint {
    const local = { address: at.address, port: at.port || this.#nextPort++ };
    if (taken.has(key(local))) throw new Error(`bind EADDRINUSE ${key(local)}`);
    return local;
  }

  #send(datagram: Passed): void {
    const { loss, duplication } = this.weather;
    if (!this.passes(datagram) || this.#random.float() < loss) return;
    this.#deliver(datagram);
    if (this.#random.float() < duplication) this.#deliver(datagram);
  }

  #deliver({ data, from, to }: Passed): void {
    const delay = this.weather.delayMs + this.#random.float() * this.weather.jitterMs;
    this.#clock.after(delay, () => this.#bound.get(key(to))?.(data, from));
  }
}

class MemoryStream implements Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly backlog = 0;
  peer: MemoryStream | undefined;
  #later: (run: () => void) => void;
  #handlers: StreamHandlers | undefined;
  #open = true;

  constructor(local: Endpoint, remote: Endpoint, later: (run: () => void) => void) {
    this.local = local;
    this.remote = remote;
    this.#later = later;
  }

  handle(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  write(data: Buffer): void {
    const peer = this.peer;
    if (this.#open) this.#later(() => peer?.arrive(data));
  }

  arrive(data: Buffer): void {
    if (this.#open) this.#handlers?.data(data);
  }

  close(): void {
    if (!this.#open) return;
    this.end();
    this.#later(() => this.peer?.end());
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#handlers?.closed();
  }
}
