import type { CodecName } from '../audio/index.ts';

/** The result of offer and answer, as far as RTP needs it. */
export interface AudioAgreement {
  /** Where RTP goes until packets from another address arrive (symmetric RTP). Port 0: send nothing. */
  remote: { address: string; port: number };
  /** The source of its signaling: for one second, only this and `remote` may send RTP. Undefined: any address may. */
  signaledFrom?: string;
  codec: { name: CodecName; payloadType: number };
  /** Null: digits are sent and detected in-band. */
  telephoneEvent: TelephoneEvent | null;
  /** All formats that the far end may send. Undefined: only the codec and the events above. */
  receives?: {
    codecs: AudioAgreement['codec'][];
    telephoneEvents: TelephoneEvent[];
  };
  /** From our side: with `sendonly` and `inactive`, nothing is received. */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** The far end takes RTCP on the RTP port (RFC 5761). */
  rtcpMux: boolean;
  /** Keys and salts of AES_CM_128_HMAC_SHA1_80 or _32 (RFC 4568). Undefined: plain RTP. */
  srtp?: SrtpKeys;
}

/** Events of RFC 4733. The default clock rate is 8 kHz. */
interface TelephoneEvent {
  payloadType: number;
  clockRate?: 16_000 | 48_000;
}

/** One SRTP key for each direction, 30 octets in base64. */
export interface SrtpKeys {
  send: string;
  receive: string;
  /** Length of the authentication tag of an RTP packet in octets. Default 10. */
  tagBytes?: 4;
  /** Length of the key identifier (MKI) in received packets in octets. Default 0. */
  mkiBytes?: number;
}

/** Packet counts and quality of one sound, reported when it closes. */
export interface AudioReport {
  packetsSent: number;
  packetsReceived: number;
  /** Packets that never arrived, or arrived too late to be played. */
  packetsLost: number;
  /** RFC 3550 §6.4.1, in milliseconds. */
  jitterMs: number;
  /** The last RTCP report of the far end about the audio it receives. */
  farEnd?: {
    packetsLost: number;
    jitterMs: number;
    /** Null: not known yet. */
    roundTripMs: number | null;
  };
}

/** The report of a sound whose thread cannot give one. */
export const EMPTY_REPORT: AudioReport = { packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 };
