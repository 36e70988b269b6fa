import { isIP } from 'node:net';
import { LruMap } from 'toad-cache';
import type { Clock, Timer } from '../../core/index.ts';
import type { Endpoint, Listener, Network, Stream, TlsIdentity } from '../../net/index.ts';
import type { Counters, TransportCounters } from './counters.ts';
import type { Hop } from './flow.ts';
import type { Intake } from './intake.ts';
import { TcpFlow } from './tcp-flow.ts';

const CONNECT_TIMEOUT_MS = 4000;
/** So long a large request does not wait for a connection that could not be opened before. */
const UNREACHABLE_MS = 60_000;
const MAX_UNREACHABLE = 1000;
const MAX_CONNECTIONS = 4096;
/**
 * Of those that others have opened from one address: nobody takes the place of all others, and all phones of an office
 * have room behind its NAT.
 */
const MAX_FROM_ONE = 1024;

/** What makes TLS of it. */
export interface Security {
  /** Without one nobody can connect to us. */
  identity?: TlsIdentity | undefined;
  /** Certificates of authorities, in PEM, that are believed besides the machine's. */
  ca?: string | undefined;
}

const key = ({ address, port }: Endpoint): string => `${address}:${port}`;

/** SIP over TCP, or TLS: connections are kept and used again, whoever opened them (RFC 3261 §18). */
export class TcpTransport {
  #clock: Clock;
  #network: Network;
  #intake: Intake;
  #counters: TransportCounters;
  #security: Security | undefined;
  #listener: Listener | undefined;
  #flows = new Map<string, TcpFlow>();
  #opening = new Map<string, Promise<TcpFlow>>();
  /** By peer: the end of its time as unreachable, on the monotonic clock. */
  #unreachable = new LruMap<number>(MAX_UNREACHABLE);
  #closed = new AbortController();

  /** @param security makes it TLS. */
  constructor(clock: Clock, network: Network, intake: Intake, counters: Counters, security?: Security) {
    this.#clock = clock;
    this.#network = network;
    this.#intake = intake;
    this.#counters = counters[security ? 'tls' : 'tcp'];
    this.#security = security;
  }

  async listen(at: Endpoint): Promise<Endpoint> {
    const accepted = (stream: Stream) => this.#accept(stream);
    this.#listener = await this.#network.listen(at, accepted, this.#security?.identity);
    return this.#listener.local;
  }

  /** @throws when there is no connection within 4 s, or its other end is not who it should be. */
  flowTo(to: Hop): TcpFlow | Promise<TcpFlow> {
    const open = this.#flows.get(key(to));
    if (open && proves(open.remote, to)) return open;
    const name = `${key(to)} ${to.serverName ?? ''}`;
    const known = this.#opening.get(name);
    if (known) return known;
    const opening = this.#connect(to).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  /** Whether no connection to this peer could be opened within the last minute. */
  failedLately(to: Endpoint): boolean {
    return (this.#unreachable.get(key(to)) ?? 0) > this.#clock.monotonic();
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the transport was closed'));
    const listening = this.#listener?.close();
    for (const flow of this.#flows.values()) flow.close();
    await listening;
  }

  async #connect(to: Hop): Promise<TcpFlow> {
    const given = new AbortController();
    const giveUp = () => given.abort(new Error(`no connection to ${key(to)} in ${CONNECT_TIMEOUT_MS} ms`));
    const timer: Timer = this.#clock.after(CONNECT_TIMEOUT_MS, giveUp);
    try {
      const signal = AbortSignal.any([given.signal, this.#closed.signal]);
      const { ca } = this.#security ?? {};
      const peer = this.#security && { serverName: to.serverName ?? to.address, ca };
      const stream = await this.#network.connect(to, signal, peer);
      this.#unreachable.delete(key(to));
      return this.#adopt(stream, to.serverName);
    } catch (error) {
      this.#unreachable.set(key(to), this.#clock.monotonic() + UNREACHABLE_MS);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #accept(stream: Stream): void {
    if (this.#flows.size < MAX_CONNECTIONS && !this.#isCrowded(stream.remote)) {
      this.#adopt(stream);
      return;
    }
    this.#counters.dropped++;
    stream.handle({ data() {}, closed() {} });
    stream.close();
  }

  #isCrowded({ address }: Endpoint): boolean {
    if (this.#flows.size < MAX_FROM_ONE) return false;
    let count = 0;
    for (const { remote } of this.#flows.values()) if (remote.address === address) count++;
    return count >= MAX_FROM_ONE;
  }

  /** @param serverName what the other end has proven. */
  #adopt(stream: Stream, serverName?: string): TcpFlow {
    const name = key(stream.remote);
    const remote: Hop = { transport: this.#security ? 'tls' : 'tcp', ...stream.remote, serverName };
    const flow = new TcpFlow({ stream, remote }, this.#clock, this.#intake, this.#counters, () => {
      if (this.#flows.get(name) === flow) this.#flows.delete(name);
    });
    this.#flows.set(name, flow);
    return flow;
  }
}

/**
 * Will this connection do for the hop? RFC 5923: a Contact that is but an address is reached over the connection
 * that is there, whose other end has proven its name when it was opened.
 */
function proves(open: Hop, to: Hop): boolean {
  return to.serverName === undefined || isIP(to.serverName) !== 0 || open.serverName === to.serverName;
}
