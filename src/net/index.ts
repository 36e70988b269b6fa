/**
 * Network access: SIP and RTP sockets, RTP ports, host names, and HTTP requests to customers' URLs. It knows nothing
 * about calls. Tests replace it by the memory network in `testing/`.
 */
export {
  checkLiteral,
  guardedLookup,
  isPrivateFromPublicPeer,
  type Resolve,
  whyNotPublic,
} from './address-guard.ts';
export { createHttpClient, type HttpClient } from './http.ts';
export type { HttpRequest, HttpResponse } from './http-exchange.ts';
export { requestFollowing } from './http-redirects.ts';
export { type ServiceRecord, systemResolve } from './name-service.ts';
export type {
  Datagrams,
  Endpoint,
  Listener,
  Network,
  Stream,
  StreamHandlers,
  TlsIdentity,
} from './network.ts';
export { RtpPorts } from './rtp-ports.ts';
export { type DatagramHandler, MAX_PACKET_BYTES, type RtpSocket, type RtpSockets } from './rtp-socket.ts';
export { networkSockets } from './rtp-socket-network.ts';
export { dgramSockets, reachableAddress, rtpSockets, systemNetwork } from './system-network.ts';
