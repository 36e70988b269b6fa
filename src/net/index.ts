/**
 * The wires: sockets for SIP and RTP, the pool of RTP ports, and outgoing HTTP that a customer's URL cannot turn
 * against the machine. It knows nothing of calls; the loopback in memory makes the same wires for tests.
 */
export {
  checkLiteral,
  guardedLookup,
  isPrivateFromPublicPeer,
  type Resolve,
  type ResolvedAddress,
  whyNotPublic,
} from './address-guard.ts';
export {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from './http.ts';
export { requestFollowing } from './http-redirects.ts';
export { reachableAddress } from './local-address.ts';
export { type ServiceRecord, systemResolve, systemServices } from './name-service.ts';
export {
  type Datagrams,
  type Endpoint,
  type Listener,
  type Network,
  type Stream,
  type StreamHandlers,
  systemNetwork,
} from './network.ts';
export { RtpPorts } from './rtp-ports.ts';
export {
  dgramSockets,
  type RtpSocket,
  type RtpSockets,
  rtpSockets,
  type TakeDatagram,
} from './rtp-socket.ts';
export { networkSockets } from './rtp-socket-network.ts';
export type { TlsIdentity, TlsPeer } from './secure-stream.ts';
