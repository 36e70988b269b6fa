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
import type { AudioReport } from '../sound.ts';
import type { Outbound } from './outbound.ts';

/** Reports are rare, so their port is asked once a second. What is measured counts from their arrival. */
const POLL_BEATS = 50;

/** What an exchange reports on, and how it does. */
export interface RtcpGround {
  rtp: RtpSocket;
  rtcp: RtpSocket;
  outbound: Outbound;
  reception: ReceiverStats;
  /** Told of everything that comes on the RTCP port. */
  heard: () => void;
  clock: Clock;
  random: Random;
}

/** RTCP of one session (RFC 3550 §6): tells what was sent and heard, and takes what the far end tells. */
export class RtcpExchange {
  /** The far end's last word on the sound it gets. */
  farEnd: AudioReport['farEnd'];
  #deps: RtcpGround;
  #mux = false;
  #peer: Endpoint | undefined;
  #cname: string;
  #packet = Buffer.alloc(160);
  #block = {} as ReportBlock;
  #phase: number;
  /** The beat at which the next report is due; none before there is somebody to tell it. */
  #due: number | undefined;
  #packetsBefore = 0;
  #epoch: number;
  /** Milliseconds for which the packet that is being read has waited for us. */
  #waited = 0;

  constructor(deps: RtcpGround) {
    this.#deps = deps;
    this.#epoch = deps.clock.now() - deps.clock.monotonic();
    // RFC 7022 §4.2: 96 random bits tell nobody who we are.
    this.#cname = deps.random.bytes(12).toString('base64');
    this.#phase = Math.floor(deps.random.float() * POLL_BEATS);
  }

  /** Where the far end's sound is; its RTCP is on the port above unless both share one (RFC 5761). */
  found(farEnd: Endpoint, mux: boolean): void {
    this.#mux = mux;
    const port = mux ? farEnd.port : farEnd.port + 1;
    // There is no port above 65535: such a far end gets no reports.
    this.#peer = farEnd.port > 0 && port < 65_536 ? { address: farEnd.address, port } : undefined;
    if (this.#peer) this.#deps.rtcp.setRemote(this.#peer);
  }

  beat(beat: number): void {
    if (beat % POLL_BEATS === this.#phase) this.#deps.rtcp.receive(this.#arrived);
    if (!this.#peer) return;
    this.#due ??= this.#next(beat, true);
    if (beat < this.#due) return;
    this.#due = this.#next(beat, false);
    this.#send(this.#write(beat));
  }

  /**
   * Takes what came on the RTP port.
   * @param waited milliseconds since it arrived. RFC 3550 §6.4.1 counts DLSR and the round trip from the arrival.
   */
  take(bytes: Buffer, length: number, waited: number): void {
    this.#waited = waited;
    readRtcp(bytes, 0, length, this.#handler);
  }

  /** Tells that this was all (RFC 3550 §6.6). */
  end(beat: number): void {
    if (this.#due === undefined) return;
    this.#send(writeBye(this.#packet, this.#write(beat), this.#deps.outbound.ssrc));
  }

  /** The time of day as it was at the beginning, and has gone on since: a clock that is set is no time on the way. */
  #now(): number {
    return this.#epoch + this.#deps.clock.monotonic();
  }

  #next(beat: number, first: boolean): number {
    return beat + Math.round(reportInterval(this.#deps.random, first) / FRAME_MS);
  }

  #write(beat: number): number {
    const { outbound, reception, clock } = this.#deps;
    const { ssrc, packets, octets } = outbound;
    const sender = { nowMs: this.#now(), timestamp: outbound.timestamp(beat), packets, octets };
    // RFC 3550 §6.4: who has sent nothing since the last report is no sender.
    const sends = packets > this.#packetsBefore;
    this.#packetsBefore = packets;
    const hears = reception.received > 0;
    if (hears) reception.report(this.#block, clock.monotonic());
    return writeReport(this.#packet, ssrc, this.#cname, sends ? sender : null, hears ? this.#block : null);
  }

  #send(length: number): void {
    const { rtp, rtcp } = this.#deps;
    if (this.#peer) (this.#mux ? rtp : rtcp).send(this.#packet, length);
  }

  #arrived: DatagramHandler = (bytes, length, from, arrivedAt) => {
    const peer = this.#peer;
    if (!peer || from.address !== peer.address) return;
    this.#deps.heard();
    this.take(bytes, length, this.#deps.rtcp.elapsedSince(arrivedAt));
    // Behind a NAT the port above is another one than it was said to be.
    if (from.port !== peer.port) this.#deps.rtcp.setRemote((this.#peer = { ...peer, port: from.port }));
  };

  // The far end's goodbye changes nothing: the dialog decides when the sound ends.
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
