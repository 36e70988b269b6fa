import { isIP } from 'node:net';
import { connect, createServer, rootCertificates } from 'node:tls';
import type { Endpoint, Listener, Stream } from './network.ts';
import { accepting, listening, opened } from './stream.ts';

/** What a server proves its name with, in PEM. */
export interface TlsIdentity {
  /** Its certificate, and those between it and a root. */
  cert: string;
  key: string;
}

/** Whom a client means to talk to. */
export interface TlsPeer {
  /** The name, or address, that the peer's certificate must be for. */
  serverName: string;
  /** Certificates of authorities, in PEM, that are believed besides the machine's. */
  ca?: string | undefined;
}

/** A peer that does not finish the handshake by then is cut off. */
const HANDSHAKE_MS = 10_000;

/** Listens for TLS connections. Rejects when the address cannot be bound, or the identity cannot be read. */
export async function listenSecurely(
  at: Endpoint,
  accepted: (stream: Stream) => void,
  { cert, key }: TlsIdentity,
): Promise<Listener> {
  const options = {
    cert,
    key,
    noDelay: true,
    handshakeTimeout: HANDSHAKE_MS,
    minVersion: 'TLSv1.2',
  } as const;
  const server = createServer(options, accepting(accepted));
  // Somebody who does not speak TLS: of no interest to anybody.
  server.on('tlsClientError', () => {});
  return listening(server, at);
}

/** Opens a TLS connection. Rejects when it cannot be opened, when the peer cannot prove its name, or on abort. */
export async function connectSecurely(
  to: Endpoint,
  signal: AbortSignal,
  { serverName, ca }: TlsPeer,
): Promise<Stream> {
  signal.throwIfAborted();
  const socket = connect({
    ...{ host: to.address, port: to.port, minVersion: 'TLSv1.2' },
    // RFC 6066 §3: an address is no server name; Node then checks the certificate against `host`.
    ...(isIP(serverName) ? {} : { servername: serverName }),
    ...(ca ? { ca: [...rootCertificates, ca] } : {}),
  });
  socket.setNoDelay(true);
  return opened(socket, 'secureConnect', signal);
}
