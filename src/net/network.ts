import { openDatagrams } from './datagram.ts';
import { resolve as systemResolve } from './resolve.ts';
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
  listen(at: Endpoint, accepted: (stream: Stream) => void): Promise<Listener>;
  /** @throws when there is no connection, or when `signal` is aborted before there is one. */
  connect(to: Endpoint, signal: AbortSignal): Promise<Stream>;
  /** All addresses of a host name, at least one. @throws when there is none. */
  resolve(host: string): Promise<string[]>;
}

/** The network of the machine. */
export const systemNetwork: Network = {
  bind: openDatagrams,
  listen: listenStreams,
  connect: connectStream,
  resolve: systemResolve,
};
