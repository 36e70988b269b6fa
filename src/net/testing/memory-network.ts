import { isIP } from 'node:net';
import { isPort, parseIpAddress } from '../../../contract/network-address.ts';
import { type Clock, guarded, type Random } from '../../core/index.ts';
import type { ServiceRecord } from '../name-service.ts';
import type { Datagrams, Endpoint, Listener, Network, Stream, StreamHandlers } from '../network.ts';

/** The conditions for datagrams in a `MemoryNetwork`. Streams are only delayed. */
export interface NetworkConditions {
  /** One-directional delay in milliseconds. */
  delayMs: number;
  /** The upper bound of a uniform random delay that is added, which reorders datagrams. */
  jitterMs: number;
  /** 0–1: the fraction of datagrams that are lost. */
  loss: number;
  /** 0–1: the fraction that are delivered twice. */
  duplication: number;
}

/** A datagram in transit. */
export interface SentDatagram {
  at: number;
  from: Endpoint;
  to: Endpoint;
  data: Buffer;
}

const key = ({ address, port }: Endpoint): string => `${address}:${port}`;

/** RFC 768: the largest payload of a datagram over IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;

const systemError = (what: string, code: string, at: Endpoint): Error =>
  Object.assign(new Error(`${what} ${code} ${key(at)}`), { code });

/**
 * A network of any number of hosts in memory.
 *
 * It fails where the real network fails, with the same codes: both pass the same conformance suite.
 */
export class MemoryNetwork implements Network {
  conditions: NetworkConditions = { delayMs: 5, jitterMs: 0, loss: 0, duplication: 0 };
  /** Called with each datagram that is sent; false drops it. */
  filter: (datagram: SentDatagram) => boolean = () => true;
  /** Addresses behind a firewall: connections to them are neither accepted nor refused. */
  readonly silent = new Set<string>();
  /** Names that `resolve` knows. */
  readonly names = new Map<string, string[]>();
  /** The SRV records that `services` knows. */
  readonly records = new Map<string, ServiceRecord[]>();
  /** The addresses of this machine. */
  readonly addresses = new Set(['127.0.0.1']);
  #clock: Clock;
  #random: Random;
  #bound = new Map<string, (data: Buffer, from: Endpoint) => void>();
  #listening = new Map<string, (stream: Stream) => void>();
  #nextPort = 40_000;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  hasAddress(address: string): boolean {
    return this.addresses.has(address);
  }

  async bind(at: Endpoint, received: (data: Buffer, from: Endpoint) => void): Promise<Datagrams> {
    const local = this.#free(at, this.#bound);
    this.#bound.set(key(local), guarded('net.datagram', received));
    return {
      local,
      send: (data, to, failed) => {
        const code = this.#whyUnsendable(local, to, data);
        const report = guarded('net.datagram', (error: Error) => failed?.(error));
        if (code) this.#clock.after(0, () => report(systemError('send', code, to)));
        else this.#send({ at: this.#clock.monotonic(), from: local, to, data });
      },
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
    if (!isPort(to.port) || isIP(to.address) === 0) throw systemError('connect', 'EINVAL', to);
    if (this.silent.has(to.address)) await aborted(signal);
    const accepted = this.#listening.get(key(to));
    if (!accepted) throw systemError('connect', 'ECONNREFUSED', to);
    const client = { address: '10.255.255.1', port: this.#nextPort++ };
    const later = (run: () => void) => void this.#clock.after(this.conditions.delayMs, run);
    const here = new MemoryStream(client, to, later);
    const there = new MemoryStream(to, client, later);
    here.peer = there;
    there.peer = here;
    guarded(
      'net.connection',
      () => accepted(there),
      () => there.close(),
    )();
    return here;
  }

  async resolve(host: string): Promise<string[]> {
    const literal = parseIpAddress(host);
    if (literal !== undefined) return [literal];
    const addresses = this.names.get(host);
    if (!addresses) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
    return addresses;
  }

  async services(name: string): Promise<ServiceRecord[]> {
    return this.records.get(name) ?? [];
  }

  #free(at: Endpoint, taken: Map<string, unknown>): Endpoint {
    if (at.port !== 0 && !isPort(at.port)) throw systemError('bind', 'ERR_SOCKET_BAD_PORT', at);
    if (isIP(at.address) === 0) throw systemError('bind', 'EINVAL', at);
    const local = { address: at.address, port: at.port || this.#nextPort++ };
    if (taken.has(key(local))) throw systemError('bind', 'EADDRINUSE', local);
    return local;
  }

  #whyUnsendable(from: Endpoint, to: Endpoint, data: Buffer): string | undefined {
    if (!this.#bound.has(key(from))) return 'ERR_SOCKET_DGRAM_NOT_RUNNING';
    if (!isPort(to.port)) return 'ERR_SOCKET_BAD_PORT';
    if (isIP(to.address) !== isIP(from.address)) return 'EINVAL';
    return data.length > MAX_DATAGRAM_BYTES ? 'EMSGSIZE' : undefined;
  }

  #send(datagram: SentDatagram): void {
    const { loss, duplication } = this.conditions;
    if (!this.filter(datagram) || this.#random.float() < loss) return;
    this.#deliver(datagram);
    if (this.#random.float() < duplication) this.#deliver(datagram);
  }

  #deliver({ data, from, to }: SentDatagram): void {
    const delay = this.conditions.delayMs + this.#random.float() * this.conditions.jitterMs;
    this.#clock.after(delay, () => this.#bound.get(key(to))?.(data, from));
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

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
    if (this.#open)
      guarded(
        'net.stream',
        () => this.#handlers?.data(data),
        () => this.close(),
      )();
  }

  close(): void {
    if (!this.#open) return;
    this.end();
    this.#later(() => this.peer?.end());
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    guarded('net.stream', () => this.#handlers?.closed())();
  }
}
