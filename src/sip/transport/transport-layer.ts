import type { Clock, Log } from '../../core/index.ts';
import { type Endpoint, type Network, reachableAddress, type TlsIdentity } from '../../net/index.ts';
import { formatVia, type SipRequest, serialize, setTopVia } from '../message/index.ts';
import { type Flow, type Hop, newCounters, type TransportName } from './flow.ts';
import { MessageReceiver, type Received } from './message-receiver.ts';
import { locateHops, type Target } from './server-location.ts';
import { TcpTransport } from './tcp.ts';
import { UdpTransport } from './udp.ts';

/** Larger requests use TCP: within 200 bytes of the path MTU of 1,500 (RFC 3261 §18.1.1). */
const MAX_UDP_REQUEST_BYTES = 1300;
/** Attempts to find a port that is free for both UDP and TCP. */
const PORT_ATTEMPTS = 10;

export interface TransportOptions {
  clock: Clock;
  log: Log;
  network: Network;
  host: string;
  /** 0: any port that is free for both UDP and TCP. */
  port: number;
  /** Address in Via and Contact, if it differs from the bound one. */
  publicAddress?: string | undefined;
  tls?: TlsOptions | undefined;
}

/** Settings of SIP over TLS, which has its own port. */
export interface TlsOptions {
  /** Our certificate and port; undefined: we only open connections. */
  server?: (TlsIdentity & { port: number }) | undefined;
  /** Trusted CA certificates in PEM, in addition to those of the system. */
  ca?: string | undefined;
}

/** Sends and receives messages over UDP and TCP on one port, and over TLS (RFC 3261 §18). */
export class TransportLayer {
  readonly counters = newCounters();
  #options: TransportOptions;
  #receiver: MessageReceiver;
  #udp: UdpTransport;
  #tcp: TcpTransport;
  #tls: TcpTransport;
  #local: Endpoint;
  #tlsPort: number | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#local = { address: options.publicAddress ?? options.host, port: options.port };
    this.#receiver = new MessageReceiver(this.counters, options.clock, options.log);
    this.#udp = new UdpTransport(this.#receiver, this.counters);
    const { clock, network, tls } = options;
    this.#tcp = new TcpTransport(clock, network, this.#receiver, this.counters);
    const tlsSettings = { identity: tls?.server, ca: tls?.ca };
    this.#tls = new TcpTransport(clock, network, this.#receiver, this.counters, tlsSettings);
  }

  set received(received: Received) {
    this.#receiver.received = received;
  }

  /** Our address and port in Via and Contact. */
  get local(): Endpoint {
    return this.#local;
  }

  /** Our address and port for one transport. */
  localFor(transport: TransportName): Endpoint {
    if (transport !== 'tls') return this.#local;
    // Without a TLS server, peers use the connections that we opened, so the port is irrelevant.
    return { ...this.#local, port: this.#tlsPort ?? 5061 };
  }

  /** Our TLS port; undefined: no TLS server. */
  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  /** Binds all sockets. @returns the address for UDP and TCP. Rejects if a port cannot be bound. */
  async listen(): Promise<Endpoint> {
    const bound = await this.#listen();
    const { host, tls } = this.#options;
    if (tls?.server) {
      this.#tlsPort = (await this.#tls.listen({ address: host, port: tls.server.port })).port;
    }
    return bound;
  }

  async #listen(): Promise<Endpoint> {
    const { host, port, publicAddress } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const bound = await this.#udp.listen(this.#options.network, { address: host, port });
      try {
        await this.#tcp.listen({ address: host, port: bound.port });
        this.#local = { address: publicAddress ?? reachableAddress(bound.address), port: bound.port };
        return bound;
      } catch (error) {
        await this.#udp.close();
        if (port !== 0 || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** Finds the hops of a URI; a hop stands for itself. @throws if there is none. */
  async locate(target: string | Hop): Promise<Target> {
    if (typeof target !== 'string') return { hops: [target], fixed: true };
    return locateHops(target, (host) => this.#options.network.resolve(host));
  }

  /**
   * Adds our Via to the request and selects the first reachable hop.
   * @throws if none is reachable.
   */
  async route(request: SipRequest, target: Target, branch: string): Promise<{ flow: Flow; data: Buffer }> {
    if (this.#closed) throw new Error('The user agent is closed');
    let failure: unknown;
    for (const hop of target.hops) {
      const data = this.#addVia(request, hop.transport, branch);
      // RFC 3261 §18.1.1: a large request tries TCP, and falls back to UDP if no connection is possible.
      const maySwitch = hop.transport === 'udp' && !target.fixed && !this.#tcp.failedRecently(hop);
      const large = data.length > MAX_UDP_REQUEST_BYTES && maySwitch;
      for (const transport of large ? (['tcp', 'udp'] as const) : [hop.transport]) {
        try {
          const flow = await this.#flowTo({ ...hop, transport });
          return { flow, data: large ? this.#addVia(request, transport, branch) : data };
        } catch (error) {
          failure = error;
        }
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#udp.close(), this.#tcp.close(), this.#tls.close()]);
  }

  #flowTo(hop: Hop): Flow | Promise<Flow> {
    if (hop.transport === 'udp') return this.#udp.flowTo(hop);
    return (hop.transport === 'tls' ? this.#tls : this.#tcp).flowTo(hop);
  }

  #addVia(request: SipRequest, transport: TransportName, branch: string): Buffer {
    const { address: host, port } = this.localFor(transport);
    const via = { transport: transport.toUpperCase(), host, port, branch, rport: '' };
    if (request.headers.has('Via')) setTopVia(request, via);
    else request.headers.prepend('Via', formatVia(via));
    return serialize(request);
  }
}
