import { FRAME_SAMPLES } from '../frame.ts';
import type { Codec } from './codec.ts';
import { LowBand } from './g722-band.ts';

/**
 * The two bits of the higher band, at its smallest step. RFC 3551 §4.5.2: an octet is 8 bits for two samples of
 * 16 kHz; the high ones are the higher band's.
 */
const HIGHER_BAND_AT_REST = 0xc0;

/**
 * ITU-T G.722 at 64 kbit/s for a house that hears 8 kHz: the codec splits sound into two bands of 4 kHz, codes
 * each at 8,000 samples a second, and the lower one is just what we want. So neither filters nor resampling are
 * needed, and what the far end says above 4 kHz is let go.
 */
export class G722Codec implements Codec {
  /** RFC 3551 §4.5.2: the RTP clock is 8 kHz, by an old mistake. */
  readonly ticks = 1;
  #heard = new LowBand();
  #said = new LowBand();

  decode(packet: Uint8Array, offset: number, length: number, samples: Int16Array): number {
    const count = Math.min(length, samples.length);
    for (let i = 0; i < count; i++) samples[i] = this.#heard.decode(packet[offset + i]! & 0x3f) * 2;
    return count;
  }

  encode(frame: Int16Array, packet: Uint8Array, offset: number): number {
    // The bands are of 15 bits.
    for (let i = 0; i < FRAME_SAMPLES; i++)
      packet[offset + i] = HIGHER_BAND_AT_REST | this.#said.encode(frame[i]! >> 1);
    return FRAME_SAMPLES;
  }
}
