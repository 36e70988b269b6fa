import type { ServiceRecord } from './name-service.ts';

/** An IP address (IPv6 without brackets) and a port. */
export interface Endpoint {
  address: string;
  port: number;
}

/** An open UDP socket. */
export interface Datagrams {
  readonly local: Endpoint;
  /** Sends a datagram. `failed` is called if this machine could not send it; an unreachable peer is not reported. */
  send(data: Buffer, to: Endpoint, failed?: (error: Error) => void): void;
  close(): Promise<void>;
}

/** The callbacks of a stream. */
export interface StreamHandlers {
  data(chunk: Buffer): void;
  /** Called once, when either side has closed the connection. No other callback follows. */
  closed(error?: Error): void;
}

/** An open TCP or TLS connection. */
export interface Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The number of bytes that are written and not yet accepted by the system. */
  readonly backlog: number;
  /** Sets the callbacks. The owner must call it as soon as it gets the stream. */
  handle(handlers: StreamHandlers): void;
  write(data: Buffer): void;
  /** Closes the connection at once in both directions. */
  close(): void;
}

/** An open listening socket. */
export interface Listener {
  readonly local: Endpoint;
  /** Accepts no more connections; open ones stay open. */
  close(): Promise<void>;
}

/** The certificate that a server presents, in PEM. */
export interface TlsIdentity {
  /** The server certificate, and the intermediate ones up to a root. */
  cert: string;
  key: string;
}

/** The peer that a client expects. */
export interface TlsPeer {
  /** The host name or IP address that the peer's certificate must contain. */
  serverName: string;
  /** Certificates of further authorities to trust, in PEM. */
  ca?: string | undefined;
}

/** The network for signaling: UDP, TCP, TLS and host names. Code receives it, so that calls can run in memory. */
export interface Network {
  bind(at: Endpoint, received: (data: Buffer, from: Endpoint) => void): Promise<Datagrams>;
  /** Listens for TCP connections, or for TLS connections if an identity is given. */
  listen(at: Endpoint, accepted: (stream: Stream) => void, tls?: TlsIdentity): Promise<Listener>;
  /**
   * Connects over TCP, or over TLS if a peer is given. Rejects when the connection fails, when the peer's certificate is
   * wrong, or when `signal` is aborted first.
   */
  connect(to: Endpoint, signal: AbortSignal, tls?: TlsPeer): Promise<Stream>;
  /** Returns all addresses of a host name, at least one. Rejects when there are none. */
  resolve(host: string): Promise<string[]>;
  /** Whether this machine has the IP address, on any interface. */
  hasAddress(address: string): boolean;
  /** Returns the SRV records of a name such as `_sip._udp.example.com`, perhaps none. */
  services(name: string): Promise<ServiceRecord[]>;
}
