import { FRAME_MS } from '../../audio/index.ts';
import type { Clock, Random } from '../../core/index.ts';
import type { DatagramHandler, Endpoint, RtpSocket } from '../../net/index.ts';
import type { ReceiverStats, ReportBlock } from '../../rtp/index.ts';
import {
  type RtcpHandler,
  readRtcp,
  reportInterval,
  roundTrip,
  writeBye,
  writeReport,
} from '../../rtp/index.ts';
import type { AudioReport } from '../agreement.ts';
import type { Outbound } from './outbound.ts';

/** Reports are rare: their port is read once a second. Measurements count from their arrival. */
const POLL_BEATS = 50;

/** What an exchange reports on, and the sockets it uses. */
export interface RtcpDeps {
  rtp: RtpSocket;
  rtcp: RtpSocket;
  outbound: Outbound;
  reception: ReceiverStats;
  /** Called for every packet on the RTCP port. */
  heard: () => void;
  clock: Clock;
  random: Random;
}

/** RTCP of one session (RFC 3550 §6): sends reports, and takes those of the far end. */
export class RtcpExchange {
  /** The last report of the far end about the audio that it receives. */
  farEnd: AudioReport['farEnd'];
  #deps: RtcpDeps;
  #mux = false;
  #peer: Endpoint | undefined;
  #cname: string;
  #block = {} as ReportBlock;
  #phase: number;
  /** The beat at which the next report is due; undefined while the address of the far end is unknown. */
  #due: number | undefined;
  #packetsBefore = 0;
  #epoch: number;
  /** Milliseconds between the arrival of the packet that is being read and now. */
  #waited = 0;

  constructor(deps: RtcpDeps) {
    this.#deps = deps;
    this.#epoch = deps.clock.now() - deps.clock.monotonic();
    // RFC 7022 §4.2: 96 random bits do not identify this server.
    this.#cname = deps.random.bytes(12).toString('base64');
    this.#phase = Math.floor(deps.random.float() * POLL_BEATS);
  }

  /** Sets the RTP address of the far end. Its RTCP port is the next one, unless both share one (RFC 5761). */
  found(farEnd: Endpoint, mux: boolean): void {
    this.#mux = mux;
    const port = mux ? farEnd.port : farEnd.port + 1;
    // There is no port after 65535: such a far end gets no reports.
    this.#peer = farEnd.port > 0 && port < 65_536 ? { address: farEnd.address, port } : undefined;
    if (this.#peer) this.#deps.rtcp.setRemote(this.#peer);
  }

  beat(beat: number): void {
    if (beat % POLL_BEATS === this.#phase) this.#deps.rtcp.receive(this.#arrived);
    if (!this.#peer) return;
    this.#due ??= this.#next(beat, true);
    if (beat < this.#due) return;
    this.#due = this.#next(beat, false);
    this.#socket.send(this.#write(beat));
  }

  /**
   * Takes an RTCP packet from the RTP port.
   * @param waited milliseconds since it arrived: RFC 3550 §6.4.1 counts DLSR and the round trip from the arrival.
   */
  take(bytes: Buffer, length: number, waited: number): void {
    this.#waited = waited;
    readRtcp(bytes, 0, length, this.#handler);
  }

  /** Sends BYE (RFC 3550 §6.6). */
  end(beat: number): void {
    if (this.#due === undefined || !this.#peer) return;
    this.#socket.send(writeBye(this.#socket.packet, this.#write(beat), this.#deps.outbound.ssrc));
  }

  /** The wall clock of the beginning, continued by the monotonic clock: setting the clock changes no round trip. */
  #now(): number {
    return this.#epoch + this.#deps.clock.monotonic();
  }

  #next(beat: number, first: boolean): number {
    return beat + Math.round(reportInterval(this.#deps.random, first) / FRAME_MS);
  }

  /** Where reports go. */
  get #socket(): RtpSocket {
    return this.#mux ? this.#deps.rtp : this.#deps.rtcp;
  }

  #write(beat: number): number {
    const { outbound, reception, clock } = this.#deps;
    const { ssrc, packets, octets } = outbound;
    const sender = { nowMs: this.#now(), timestamp: outbound.timestamp(beat), packets, octets };
    // RFC 3550 §6.4: a participant that sent nothing since its last report is no sender.
    const isSender = packets > this.#packetsBefore;
    this.#packetsBefore = packets;
    const isReceiver = reception.received > 0;
    if (isReceiver) reception.report(this.#block, clock.monotonic());
    return writeReport(
      this.#socket.packet,
      ssrc,
      this.#cname,
      isSender ? sender : null,
      isReceiver ? this.#block : null,
    );
  }

  #arrived: DatagramHandler = (bytes, length, from, arrivedAt) => {
    const peer = this.#peer;
    if (!peer || from.address !== peer.address) return;
    this.#deps.heard();
    this.take(bytes, length, this.#deps.rtcp.elapsedSince(arrivedAt));
    // Behind a NAT, RTCP comes from another port than the one that follows RTP.
    if (from.port !== peer.port) this.#deps.rtcp.setRemote((this.#peer = { ...peer, port: from.port }));
  };

  // BYE of the far end changes nothing: the dialog decides when audio ends.
  #handler: RtcpHandler = {
    bye: () => {},
    senderReport: (ssrc, middle) => {
      const { reception, clock } = this.#deps;
      if (ssrc === reception.ssrc) reception.senderReport(middle, clock.monotonic() - this.#waited);
    },
    reportBlock: (_reporter, report) => {
      const { outbound } = this.#deps;
      if (report.ssrc !== outbound.ssrc) return;
      this.farEnd = {
        packetsLost: Math.max(0, report.cumulativeLost),
        jitterMs: (report.jitter * 1000) / outbound.clockRate,
        roundTripMs: roundTrip(report, this.#now() - this.#waited),
      };
    },
  };
}
