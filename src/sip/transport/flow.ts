import type { Endpoint } from '../../net/index.ts';

/** How bytes travel. TLS will be a third. */
export type TransportName = 'udp' | 'tcp';

/** A place to send to, resolved. */
export interface Hop extends Endpoint {
  transport: TransportName;
}

/** A way to one peer and back: the two ends of a UDP exchange, or one TCP connection. */
export interface Flow {
  /** The far end as packets name it. */
  readonly remote: Hop;
  /** Repeats what is lost by itself, so that no transaction needs to. */
  readonly reliable: boolean;
  /** `failed` is told, now or later, when the bytes could not be sent. */
  send(data: Buffer, failed?: (error: Error) => void): void;
  /** The same peer at another of its ports; a connection has only the one. */
  at?(port: number): Flow;
}
