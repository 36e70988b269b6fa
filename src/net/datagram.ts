import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Datagrams, Endpoint } from './network.ts';

// A burst of calls must not overflow the kernel's queue while the thread is busy for some milliseconds.
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Opens a UDP socket; port 0 takes a free one. Rejects when the address cannot be bound. */
export function openDatagrams(
  at: Endpoint,
  received: (data: Buffer, from: Endpoint) => void,
): Promise<Datagrams> {
  const socket = createSocket({ type: isIPv6(at.address) ? 'udp6' : 'udp4', lookup: literal });
  socket.on('message', (data, { address, port }) => received(data, { address, port }));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(at.port, at.address, () => {
      socket.off('error', reject);
      // An error without a datagram of ours to blame: the socket stays usable.
      socket.on('error', () => {});
      enlarge(() => socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES));
      const { address, port } = socket.address();
      resolve({
        local: { address, port },
        send: (data, to, failed) =>
          socket.send(data, to.port, to.address, (error) => error && failed?.(error)),
        close: () => new Promise((closed) => socket.close(closed)),
      });
    });
  });
}

/** Only addresses are sent to: Node would ask the name service's thread even for those. */
function literal(
  address: string,
  _options: unknown,
  found: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  found(null, address, isIPv6(address) ? 6 : 4);
}

/** The operator may have set a lower limit (net.core.rmem_max): then that is what we have. */
function enlarge(set: () => void): void {
  try {
    set();
  } catch {}
}
