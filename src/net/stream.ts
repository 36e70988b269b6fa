import { createConnection, createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as openTls, rootCertificates } from 'node:tls';
import { guarded } from '../core/index.ts';
import { endpointOf } from './datagram.ts';
import type { Endpoint, Listener, Stream, TlsIdentity, TlsPeer } from './network.ts';

/** A peer that has not finished the TLS handshake by then is disconnected. */
const HANDSHAKE_MS = 10_000;

/** The limit of connections per listening socket, including those in their TLS handshake. */
const MAX_SOCKETS = 8192;

/** Listens for TCP connections; port 0 picks a free one. Rejects when the address cannot be bound. */
export function listenTcp(at: Endpoint, accepted: (stream: Stream) => void): Promise<Listener> {
  return listening(createServer({ noDelay: true }, accepting(accepted)), at);
}

/** Listens for TLS connections. Rejects when the address cannot be bound or the identity is invalid. */
export async function listenTls(
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
  const server = createTlsServer(options, accepting(accepted));
  // A failed handshake affects only its own connection.
  server.on('tlsClientError', () => {});
  return listening(server, at);
}

/** Opens a TCP connection. Rejects when that fails, or when `signal` is aborted first. */
export async function connectTcp(to: Endpoint, signal: AbortSignal): Promise<Stream> {
  signal.throwIfAborted();
  const socket = createConnection({ host: to.address, port: to.port, noDelay: true });
  return opened(socket, 'connect', signal);
}

/** Opens a TLS connection. Rejects when that fails, when the peer's certificate is wrong, or on abort. */
export async function connectTls(
  to: Endpoint,
  signal: AbortSignal,
  { serverName, ca }: TlsPeer,
): Promise<Stream> {
  signal.throwIfAborted();
  const socket = openTls({
    ...{ host: to.address, port: to.port, minVersion: 'TLSv1.2' },
    // RFC 6066 §3: an address is not a server name; Node then checks the certificate against `host`.
    ...(isIP(serverName) ? {} : { servername: serverName }),
    ...(ca ? { ca: [...rootCertificates, ca] } : {}),
  });
  socket.setNoDelay(true);
  return opened(socket, 'secureConnect', signal);
}

/** Passes new connections to `accepted`. If that throws, only the new connection is closed. */
const accepting = (accepted: (stream: Stream) => void) => (socket: Socket) =>
  guarded(
    'net.connection',
    () => accepted(streamOf(socket)),
    () => socket.destroy(),
  )();

/** Resolves when the server listens. */
function listening(server: Server, at: Endpoint): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.maxConnections = MAX_SOCKETS;
    server.once('error', reject);
    server.listen(at.port, at.address, () => {
      server.off('error', reject);
      // For instance too many open files on accept: the next connection may succeed.
      server.on('error', () => {});
      const { address, port } = server.address() as Endpoint;
      resolve({
        local: { address, port },
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

/** Resolves with the stream of a socket when it emits `event`. */
function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => signal.removeEventListener('abort', abort);
    socket.once('error', (error) => {
      settled();
      reject(error);
    });
    socket.once(event, () => {
      settled();
      resolve(streamOf(socket));
    });
  });
}

function streamOf(socket: Socket): Stream {
  let error: Error | undefined;
  socket.on('error', (cause) => {
    error = cause;
  });
  return {
    local: endpointOf(socket.localAddress ?? '', socket.localPort ?? 0),
    remote: endpointOf(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    get backlog() {
      return socket.writableLength;
    },
    handle(handlers) {
      const end = () => socket.destroy();
      socket.on('data', guarded('net.stream', handlers.data, end));
      socket.once(
        'close',
        guarded('net.stream', () => handlers.closed(error)),
      );
    },
    write: (data) => void socket.write(data),
    close: () => void socket.destroy(),
  };
}
