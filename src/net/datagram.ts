import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { isPort, parseIpAddress } from '../../contract/network-address.ts';
import { guarded } from '../core/index.ts';
import type { Datagrams, Endpoint } from './network.ts';

// A burst of calls must not overflow the kernel's queue while the thread is busy for some milliseconds.
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Opens a UDP socket; port 0 takes a free one. Rejects when the address cannot be bound. */
export function openDatagrams(
  at: Endpoint,
  received: (data: Buffer, from: Endpoint) => void,
): Promise<Datagrams> {
  if (at.port !== 0 && !isPort(at.port)) return Promise.reject(impossiblePort(at));
  const socket = createSocket({ type: isIPv6(at.address) ? 'udp6' : 'udp4', lookup: literal });
  const take = (data: Buffer, { address, port }: Endpoint) => received(data, endpointOf(address, port));
  socket.on('message', guarded('net.datagram', take));
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
        send(data, to, failed) {
          const sent = guarded('net.datagram', (error: Error | null) => error && failed?.(error));
          try {
            // Node takes an empty address for this machine.
            if (to.address === '') throw Object.assign(new Error('send EINVAL'), { code: 'EINVAL' });
            socket.send(data, to.port, to.address, sent);
          } catch (error) {
            // An impossible port, or a socket that is closed: reported later, like the errors of the system.
            setImmediate(sent, error as Error);
          }
        },
        close: () => new Promise((closed) => socket.close(closed)),
      });
    });
  });
}

/** Node would take another port: the number modulo 65536. */
export function impossiblePort({ address, port }: Endpoint): Error {
  return Object.assign(new Error(`bind ERR_SOCKET_BAD_PORT ${address}:${port}`), {
    code: 'ERR_SOCKET_BAD_PORT',
  });
}

/** An endpoint with its address in canonical form: a dual-stack socket gives IPv4 hosts in their mapped form. */
export function endpointOf(address: string, port: number): Endpoint {
  return { address: address.startsWith('::ffff:') ? (parseIpAddress(address) ?? address) : address, port };
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
