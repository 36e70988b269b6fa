import { createRequire } from 'node:module';
import type * as Opus from '@evan/opus';
import { SAMPLE_RATE } from '../frame.ts';
import type { Codec } from './codec.ts';

/** Our sound ends at 4 kHz: with more nobody would hear a difference. */
const BITS_PER_SECOND = 24_000;
/** Of 10. Each step more costs CPU, and above this little is to be heard of it in a voice. */
const COMPLEXITY = 5;

const require = createRequire(import.meta.url);
/** Loaded with the first call that speaks Opus. */
let library: typeof Opus | undefined;

/** Opus (RFC 6716, RFC 7587): it decodes and encodes 8 kHz itself, whatever the far end does. */
export function openOpus(): Codec {
  library ??= require('@evan/opus') as typeof Opus;
  const decoder = new library.Decoder({ channels: 1, sample_rate: SAMPLE_RATE });
  const encoder = new library.Encoder({ channels: 1, sample_rate: SAMPLE_RATE, application: 'voip' });
  encoder.bitrate = BITS_PER_SECOND;
  encoder.complexity = COMPLEXITY;
  return {
    // RFC 7587 §4.1: the RTP clock is 48 kHz.
    ticks: 6,
    decode(packet, offset, length, samples) {
      const octets = decodeOr(decoder, packet.subarray(offset, offset + length));
      if (!octets) return 0;
      const count = Math.min(octets.length >> 1, samples.length);
      samples.set(new Int16Array(octets.buffer, octets.byteOffset, count));
      return count;
    },
    encode(frame, packet, offset) {
      const octets = encoder.encode(frame);
      packet.set(octets, offset);
      return octets.length;
    },
  };
}

function decodeOr(decoder: Opus.Decoder, payload: Uint8Array): Uint8Array | null {
  try {
    return decoder.decode(payload);
  } catch {
    // What is no Opus is no sound; the far end is not to be trusted with the life of the session.
    return null;
  }
}
