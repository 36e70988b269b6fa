import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { guarded } from '../core/index.ts';
import { endpointOf } from './datagram.ts';
import type { Endpoint, Listener, Stream } from './network.ts';

/** Listens for TCP connections; port 0 takes a free one. Rejects when the address cannot be bound. */
export function listenStreams(at: Endpoint, accepted: (stream: Stream) => void): Promise<Listener> {
  return listening(createServer({ noDelay: true }, accepting(accepted)), at);
}

/** Hands a new connection over; when that fails, the connection ends and no other. */
export const accepting = (accepted: (stream: Stream) => void) => (socket: Socket) =>
  guarded(
    'net.connection',
    () => accepted(streamOf(socket)),
    () => socket.destroy(),
  )();

/** Those in their TLS handshake count too, whom nobody else counts. */
const MAX_SOCKETS = 8192;

/** Resolves when the server has its port. */
export function listening(server: Server, at: Endpoint): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.maxConnections = MAX_SOCKETS;
    server.once('error', reject);
    server.listen(at.port, at.address, () => {
      server.off('error', reject);
      // Such as too many open files at accept: the next connection may succeed again.
      server.on('error', () => {});
      const { address, port } = server.address() as Endpoint;
      resolve({
        local: { address, port },
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

/** Opens a TCP connection. Rejects when it cannot be opened, or when `signal` is aborted first. */
export async function connectStream(to: Endpoint, signal: AbortSignal): Promise<Stream> {
  signal.throwIfAborted();
  const socket = createConnection({ host: to.address, port: to.port, noDelay: true });
  return opened(socket, 'connect', signal);
}

/** The stream of a socket that is being opened, once it tells so by `event`. */
export function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Stream> {
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

/** A socket as signalling sees it. */
export function streamOf(socket: Socket): Stream {
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
