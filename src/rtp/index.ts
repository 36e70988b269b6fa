/**
 * RTP: packets, jitter buffer, RTCP (RFC 3550), SRTP (RFC 3711), telephone events (RFC 4733). Knows no sockets, threads, or
 * calls.
 */
export { TelephoneEventReceiver } from './event-receiver.ts';
export { EVENT_PAYLOAD, TelephoneEventSender } from './event-sender.ts';
export { G722Clock } from './g722-clock.ts';
export { JitterBuffer } from './jitter-buffer.ts';
export {
  isRtcp,
  RTP_HEADER,
  RtpHeader,
  sequenceAfter,
  sequenceDistance,
  timestampAfter,
  timestampDistance,
} from './packet.ts';
export { ReceiverStats, type ReportBlock } from './receiver-stats.ts';
export { type RtcpHandler, readRtcp, reportInterval, roundTrip, writeBye, writeReport } from './rtcp.ts';
export { RTCP_TRAILER_BYTES, SrtpContext } from './srtp.ts';
