import { FRAME_SAMPLES } from '../frame.ts';
import type { Codec, CodecName } from './codec.ts';
import { decodeG711, encodeG711, type G711, PCMA, PCMU } from './g711.ts';
import { G722Codec } from './g722.ts';
import { OpusCodec } from './opus.ts';

/** Opens a codec for one session; it keeps state from packet to packet. For Opus, `loadOpus` must have been called. */
export function openCodec(name: CodecName): Codec {
  if (name === 'PCMU') return MU_LAW;
  if (name === 'PCMA') return A_LAW;
  if (name === 'G722') return new G722Codec();
  return new OpusCodec();
}

function g711(law: G711): Codec {
  return {
    ticks: 1,
    decode(packet, offset, length, samples) {
      const count = Math.min(length, samples.length);
      decodeG711(law, packet, offset, count, samples);
      return count;
    },
    encode(frame, packet, offset) {
      encodeG711(law, frame, FRAME_SAMPLES, packet, offset);
      return FRAME_SAMPLES;
    },
  };
}

// G.711 has no state, so all sessions share one codec.
const MU_LAW = g711(PCMU);
const A_LAW = g711(PCMA);
