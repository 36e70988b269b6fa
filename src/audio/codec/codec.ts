/** Codec names as SDP spells them. */
export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

/** Encodes and decodes the audio of one session. On our side all sound has 8 kHz, whatever the codec could carry. */
export interface Codec {
  /** RTP timestamp units per 8 kHz sample: 1, or 6 where the RTP clock runs at 48 kHz. */
  readonly ticks: number;
  /**
   * Decodes one payload into `samples`, as far as they fit.
   * @returns the number of samples; 0 for a payload that cannot be decoded.
   */
  decode(packet: Uint8Array, offset: number, length: number, samples: Int16Array): number;
  /** Encodes a frame of 20 ms into `packet` at `offset`. @returns octets of payload, at most `LONGEST_PAYLOAD`. */
  encode(frame: Int16Array, packet: Uint8Array, offset: number): number;
}

/** The longest payload in octets: one Opus frame (RFC 6716 §3.4). */
export const LONGEST_PAYLOAD = 1275;
