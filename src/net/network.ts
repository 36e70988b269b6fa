import { openDatagrams } from './datagram.ts';
import { systemResolve } from './name-service.ts';
import { connectSecurely, listenSecurely, type TlsIdentity, type TlsPeer } from './secure-stream.ts';
import { connectStream, listenStreams } from './stream.ts';

/** An IP address (IPv6 without brackets) and a port. */
export interface Endpoint {
  address: string;
  port: number;
}

/** An open UDP socket. */
export interface Datagrams {
  readonly local: Endpoint;
  /** `failed` is told when the machine could not send; it is never told that nobody received. */
  send(data: Buffer, to: Endpoint, failed?: (error: Error) => void): void;
  close(): Promise<void>;
}

/** What a stream tells its owner. */
export interface StreamHandlers {
  data(chunk: Buffer): void;
  /** Once, when the connection has ended on either side; after it nothing more comes. */
  closed(error?: Error): void;
}

/** An open TCP connection. */
export interface Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Bytes written that the far end has not taken yet. */
  readonly backlog: number;
  /** Must be called at once by whoever gets the stream. */
  handle(handlers: StreamHandlers): void;
  write(data: Buffer): void;
  /** Ends it at once in both directions. */
  close(): void;
}

/** An open listening socket. */
export interface Listener {
  readonly local: Endpoint;
  /** Takes no more connections; those that are open stay. */
  close(): Promise<void>;
}

/** The network as signalling sees it; handed in, so that whole calls can be run without one. */
export interface Network {
  bind(at: Endpoint, received: (data: Buffer, from: Endpoint) => void): Promise<Datagrams>;
  /** With an identity, for TLS. */
  listen(at: Endpoint, accepted: (stream: Stream) => void, tls?: TlsIdentity): Promise<Listener>;
  /**
   * With a peer, over TLS. @throws when there is no connection, when the peer is somebody else, or when `signal` is
   * aborted first.
   */
  connect(to: Endpoint, signal: AbortSignal, tls?: TlsPeer): Promise<Stream>;
  /** All addresses of a host name, at least one. @throws when there is none. */
  resolve(host: string): Promise<string[]>;
}

/** The network of the machine. */
export const systemNetwork: Network = {
  bind: openDatagrams,
  listen: (at, accepted, tls) => (tls ? listenSecurely(at, accepted, tls) : listenStreams(at, accepted)),
  connect: (to, signal, tls) => (tls ? connectSecurely(to, signal, tls) : connectStream(to, signal)),
  resolve: async (host) => (await systemResolve(host)).map(({ address }) => address),
};
