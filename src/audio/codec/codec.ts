import { FRAME_SAMPLES } from '../frame.ts';
import { decode, encode, type G711, PCMA, PCMU } from './g711.ts';
import { G722Codec } from './g722.ts';
import { openOpus } from './opus.ts';

/** The codecs of calls, by their names in SDP. */
export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

/**
 * How the sound of one session lies in packets. Inside the house all sound has 8,000 samples a second, whatever
 * the codec could carry.
 */
export interface Codec {
  /** Steps of the RTP timestamp for each of our samples: 1, or 6 where the RTP clock runs at 48 kHz. */
  readonly ticks: number;
  /**
   * Writes the samples of one payload to `samples`, as many as fit. What cannot be decoded is none.
   * @returns how many.
   */
  decode(packet: Uint8Array, offset: number, length: number, samples: Int16Array): number;
  /** Writes a frame of 20 ms into `packet` from `offset`. @returns octets of payload, at most `LONGEST_PAYLOAD`. */
  encode(frame: Int16Array, packet: Uint8Array, offset: number): number;
}

/** RFC 6716 §3.4: no frame of Opus is longer. */
export const LONGEST_PAYLOAD = 1275;

/** A codec for one session, which remembers what it has heard and said. */
export function openCodec(name: CodecName): Codec {
  if (name === 'PCMU') return MU_LAW;
  if (name === 'PCMA') return A_LAW;
  if (name === 'G722') return new G722Codec();
  return openOpus();
}

function g711(law: G711): Codec {
  return {
    ticks: 1,
    decode(packet, offset, length, samples) {
      const count = Math.min(length, samples.length);
      decode(law, packet, offset, count, samples);
      return count;
    },
    encode(frame, packet, offset) {
      encode(law, frame, FRAME_SAMPLES, packet, offset);
      return FRAME_SAMPLES;
    },
  };
}

// Octets of G.711 stand each for themselves, so all sessions may share one.
const MU_LAW = g711(PCMU);
const A_LAW = g711(PCMA);
