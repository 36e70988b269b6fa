import type { Signal } from '../../core/index.ts';
import type { Endpoint } from '../../net/index.ts';

/** How bytes travel. */
export type TransportName = 'udp' | 'tcp' | 'tls';

/** A place to send to, resolved. */
export interface Hop extends Endpoint {
  transport: TransportName;
  /** With TLS: the name that the peer must prove. Without one, a connection that is there already will do. */
  serverName?: string | undefined;
}

/** A way to one peer and back: the two ends of a UDP exchange, or one TCP or TLS connection. */
export interface Flow {
  /** The far end as packets name it. */
  readonly remote: Hop;
  /** Repeats what is lost by itself, so that no transaction needs to. */
  readonly reliable: boolean;
  /** `failed` is told, now or later, when the bytes could not be sent. */
  send(data: Buffer, failed?: (error: Error) => void): void;
  /** Emitted once, when a connection has ended; a flow over UDP has no end. */
  readonly ended?: Signal<void>;
  /** The same peer at another of its ports; a connection has only the one. */
  at?(port: number): Flow;
}
