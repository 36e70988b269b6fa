import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { isPort, parseIpAddress } from '../../contract/network-address.ts';
import { guarded } from '../core/index.ts';
import type { Datagrams, Endpoint } from './network.ts';

/** Holds 1,800 INVITEs of 900 bytes: all messages of a second with a thousand calls, if the thread pauses for that long. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Opens a UDP socket; port 0 picks a free one. Rejects when the address cannot be bound. */
export function openDatagrams(
  at: Endpoint,
  received: (data: Buffer, from: Endpoint) => void,
): Promise<Datagrams> {
  if (at.port !== 0 && !isPort(at.port)) return Promise.reject(badPortError(at));
  const socket = createSocket({ type: isIPv6(at.address) ? 'udp6' : 'udp4', lookup: literalLookup });
  const receive = (data: Buffer, { address, port }: Endpoint) => received(data, endpointOf(address, port));
  socket.on('message', guarded('net.datagram', receive));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(at.port, at.address, () => {
      socket.off('error', reject);
      // An error that no sent datagram caused; the socket stays usable.
      socket.on('error', () => {});
      tryToSet(() => socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES));
      const { address, port } = socket.address();
      resolve({
        local: { address, port },
        send(data, to, failed) {
          const sent = guarded('net.datagram', (error: Error | null) => error && failed?.(error));
          try {
            // Node treats an empty address as this machine.
            if (to.address === '') throw Object.assign(new Error('send EINVAL'), { code: 'EINVAL' });
            socket.send(data, to.port, to.address, sent);
          } catch (error) {
            // A bad port or a closed socket: reported later, as system errors are.
            setImmediate(sent, error as Error);
          }
        },
        close: () => new Promise((closed) => socket.close(closed)),
      });
    });
  });
}

/** Creates the error for a port outside of 0–65535. Node itself would use the number modulo 65536. */
export function badPortError({ address, port }: Endpoint): Error {
  return Object.assign(new Error(`bind ERR_SOCKET_BAD_PORT ${address}:${port}`), {
    code: 'ERR_SOCKET_BAD_PORT',
  });
}

/** Creates an endpoint with a canonical address: dual-stack sockets report IPv4 hosts in mapped form. */
export function endpointOf(address: string, port: number): Endpoint {
  return { address: address.startsWith('::ffff:') ? (parseIpAddress(address) ?? address) : address, port };
}

/** Returns the address itself: Node would pass even IP literals to its name service thread. */
function literalLookup(
  address: string,
  _options: unknown,
  found: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  found(null, address, isIPv6(address) ? 6 : 4);
}

/** Ignores an error: the operator may have set a lower limit (net.core.rmem_max). */
function tryToSet(set: () => void): void {
  try {
    set();
  } catch {}
}
