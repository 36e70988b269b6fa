import type { Clock, Log } from '../../core/index.ts';
import { type Endpoint, type Network, reachableAddress, type TlsIdentity } from '../../net/index.ts';
import { formatVia, type SipRequest, serialize, setTopVia } from '../message/index.ts';
import { newCounters } from './counters.ts';
import type { Flow, Hop, TransportName } from './flow.ts';
import { Intake, type Received } from './intake.ts';
import { locate, type Target } from './locate.ts';
import { TcpTransport } from './tcp.ts';
import { UdpTransport } from './udp.ts';

/** RFC 3261 §18.1.1: a request within 200 bytes of the path's MTU (1,500) goes over TCP. */
const MAX_UDP_REQUEST_BYTES = 1300;
/** How many free ports to try until one is free for UDP and TCP. */
const PORT_ATTEMPTS = 10;

export interface TransportOptions {
  clock: Clock;
  log: Log;
  network: Network;
  host: string;
  /** 0: one that is free for both UDP and TCP. */
  port: number;
  /** What Via and Contact say instead of the address that is bound. */
  publicAddress?: string | undefined;
  tls?: TlsOptions | undefined;
}

/** SIP over TLS, on a port of its own. */
export interface TlsOptions {
  /** Where others may connect to us; undefined: nowhere, we only connect to others. */
  server?: (TlsIdentity & { port: number }) | undefined;
  /** Certificates of authorities, in PEM, that are believed besides the machine's. */
  ca?: string | undefined;
}

/** RFC 3261 §18: messages in and out, over UDP and TCP on one port, and over TLS. */
export class TransportLayer {
  readonly counters = newCounters();
  #options: TransportOptions;
  #intake: Intake;
  #udp: UdpTransport;
  #tcp: TcpTransport;
  #tls: TcpTransport;
  #local: Endpoint;
  #tlsPort: number | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#local = { address: options.publicAddress ?? options.host, port: options.port };
    this.#intake = new Intake(this.counters, options.clock, options.log);
    this.#udp = new UdpTransport(this.#intake, this.counters);
    const { clock, network, tls } = options;
    this.#tcp = new TcpTransport(clock, network, this.#intake, this.counters);
    const security = { identity: tls?.server, ca: tls?.ca };
    this.#tls = new TcpTransport(clock, network, this.#intake, this.counters, security);
  }

  set received(received: Received) {
    this.#intake.received = received;
  }

  /** What Via and Contact say of us. */
  get local(): Endpoint {
    return this.#local;
  }

  /** The same for one transport: TLS has a port of its own. */
  localFor(transport: TransportName): Endpoint {
    if (transport !== 'tls') return this.#local;
    // Who only connects to others is reached over those connections alone: any port will do to say.
    return { ...this.#local, port: this.#tlsPort ?? 5061 };
  }

  /** Where TLS is taken; undefined: nowhere. */
  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  /** @returns what is bound for UDP and TCP. Rejects when that, or TLS, cannot be bound. */
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

  /** A URI, or a hop that is known already. @throws when it cannot be found. */
  async locate(target: string | Hop): Promise<Target> {
    if (typeof target !== 'string') return { hops: [target], fixed: true };
    return locate(target, this.#options.network);
  }

  /**
   * Puts our Via on the request, and finds the way to the first hop that can be reached.
   * @throws when none can.
   */
  async route(request: SipRequest, target: Target, branch: string): Promise<{ flow: Flow; data: Buffer }> {
    if (this.#closed) throw new Error('The user agent is closed');
    let failure: unknown;
    for (const hop of target.hops) {
      const data = this.#sign(request, hop.transport, branch);
      // RFC 3261 §18.1.1: a large one tries TCP, and falls back to UDP where nobody takes the connection.
      const mayChange = hop.transport === 'udp' && !target.fixed && !this.#tcp.failedLately(hop);
      const large = data.length > MAX_UDP_REQUEST_BYTES && mayChange;
      for (const transport of large ? (['tcp', 'udp'] as const) : [hop.transport]) {
        try {
          const flow = await this.#flowTo({ ...hop, transport });
          return { flow, data: large ? this.#sign(request, transport, branch) : data };
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

  #sign(request: SipRequest, transport: TransportName, branch: string): Buffer {
    const { address: host, port } = this.localFor(transport);
    const via = { transport: transport.toUpperCase(), host, port, branch, rport: '' };
    if (request.headers.has('Via')) setTopVia(request, via);
    else request.headers.prepend('Via', formatVia(via));
    return serialize(request);
  }
}
