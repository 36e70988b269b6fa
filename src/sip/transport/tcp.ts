import { isIP } from 'node:net';
import { LruMap } from 'toad-cache';
import type { Clock, Timer } from '../../core/index.ts';
import type { Endpoint, Listener, Network, Stream, TlsIdentity } from '../../net/index.ts';
import type { Counters, Hop, TransportCounters } from './flow.ts';
import type { MessageReceiver } from './message-receiver.ts';
import { TcpConnection } from './tcp-connection.ts';

const CONNECT_TIMEOUT_MS = 4000;
/** For this time after a failed connection, large requests go over UDP without another attempt. */
const UNREACHABLE_MS = 60_000;
const MAX_UNREACHABLE = 1000;
const MAX_CONNECTIONS = 4096;
/** Most connections from one address, so that it cannot use up all. Sufficient for the phones of an office behind NAT. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;

/** TLS settings of a TCP transport. */
export interface TlsSettings {
  /** Our certificate; undefined: we accept no connections. */
  identity?: TlsIdentity | undefined;
  /** Trusted CA certificates in PEM, in addition to those of the system. */
  ca?: string | undefined;
}

const key = ({ address, port }: Endpoint): string => `${address}:${port}`;

/** SIP over TCP or TLS; reuses open connections, whichever side opened them (RFC 3261 §18). */
export class TcpTransport {
  #clock: Clock;
  #network: Network;
  #receiver: MessageReceiver;
  #counters: TransportCounters;
  #tls: TlsSettings | undefined;
  #listener: Listener | undefined;
  #flows = new Map<string, TcpConnection>();
  #opening = new Map<string, Promise<TcpConnection>>();
  /** End of the unreachable time by peer, in monotonic ms. */
  #unreachable = new LruMap<number>(MAX_UNREACHABLE);
  #closed = new AbortController();

  /** @param tls uses TLS instead of TCP. */
  constructor(
    clock: Clock,
    network: Network,
    receiver: MessageReceiver,
    counters: Counters,
    tls?: TlsSettings,
  ) {
    this.#clock = clock;
    this.#network = network;
    this.#receiver = receiver;
    this.#counters = counters[tls ? 'tls' : 'tcp'];
    this.#tls = tls;
  }

  async listen(at: Endpoint): Promise<Endpoint> {
    const accepted = (stream: Stream) => this.#accept(stream);
    this.#listener = await this.#network.listen(at, accepted, this.#tls?.identity);
    return this.#listener.local;
  }

  /** Returns or opens a connection. @throws if it is not open within 4 s, or its certificate does not match. */
  flowTo(to: Hop): TcpConnection | Promise<TcpConnection> {
    const open = this.#flows.get(key(to));
    if (open && isReusable(open.remote, to)) return open;
    const name = `${key(to)} ${to.serverName ?? ''}`;
    const pending = this.#opening.get(name);
    if (pending) return pending;
    const opening = this.#connect(to).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  /** Whether a connection to this peer failed within the last minute. */
  failedRecently(to: Endpoint): boolean {
    return (this.#unreachable.get(key(to)) ?? 0) > this.#clock.monotonic();
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the transport was closed'));
    const listening = this.#listener?.close();
    for (const flow of this.#flows.values()) flow.close();
    await listening;
  }

  async #connect(to: Hop): Promise<TcpConnection> {
    const timeout = new AbortController();
    const abort = () => timeout.abort(new Error(`no connection to ${key(to)} in ${CONNECT_TIMEOUT_MS} ms`));
    const timer: Timer = this.#clock.after(CONNECT_TIMEOUT_MS, abort);
    try {
      const signal = AbortSignal.any([timeout.signal, this.#closed.signal]);
      const { ca } = this.#tls ?? {};
      const peer = this.#tls && { serverName: to.serverName ?? to.address, ca };
      const stream = await this.#network.connect(to, signal, peer);
      this.#unreachable.delete(key(to));
      return this.#add(stream, to.serverName);
    } catch (error) {
      this.#unreachable.set(key(to), this.#clock.monotonic() + UNREACHABLE_MS);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #accept(stream: Stream): void {
    if (this.#flows.size < MAX_CONNECTIONS && !this.#isAtLimit(stream.remote)) {
      this.#add(stream);
      return;
    }
    this.#counters.dropped++;
    stream.handle({ data() {}, closed() {} });
    stream.close();
  }

  #isAtLimit({ address }: Endpoint): boolean {
    if (this.#flows.size < MAX_CONNECTIONS_PER_ADDRESS) return false;
    let count = 0;
    for (const { remote } of this.#flows.values()) if (remote.address === address) count++;
    return count >= MAX_CONNECTIONS_PER_ADDRESS;
  }

  /** @param serverName the verified name of the peer. */
  #add(stream: Stream, serverName?: string): TcpConnection {
    const name = key(stream.remote);
    const remote: Hop = { transport: this.#tls ? 'tls' : 'tcp', ...stream.remote, serverName };
    const flow = new TcpConnection({ stream, remote }, this.#clock, this.#receiver, this.#counters, () => {
      if (this.#flows.get(name) === flow) this.#flows.delete(name);
    });
    this.#flows.set(name, flow);
    return flow;
  }
}

/**
 * Whether an open connection may be used for the hop. A Contact with only an address is reached over the existing
 * connection, whose name was verified when it was opened (RFC 5923).
 */
function isReusable(open: Hop, to: Hop): boolean {
  return to.serverName === undefined || isIP(to.serverName) !== 0 || open.serverName === to.serverName;
}
