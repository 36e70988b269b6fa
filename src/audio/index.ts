/**
 * Audio as arithmetic: codecs, resampling, mixing, packet loss concealment, in-band tones, and WAV and MP3 files.
 * All of it works on 8 kHz mono samples and knows no sockets, threads, or calls.
 */

export type { AudioClip } from './clip.ts';
export { type Codec, type CodecName, LONGEST_PAYLOAD, openCodec } from './codec/codec.ts';
export { decode, encode, PCMU } from './codec/g711.ts';
export { G722Codec } from './codec/g722.ts';
export { Concealment } from './concealment.ts';
export { createSoundDecoder, type SoundDecoder } from './decoding.ts';
export { DIGITS, type Digit } from './digits.ts';
export { FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, saturate } from './frame.ts';
export { toneLevel } from './goertzel.ts';
export { holdMusic } from './hold-music.ts';
export { addFrames, isSilent, Mix } from './mixer.ts';
export { Resampler, resample } from './resampler.ts';
export { DigitTone } from './tone.ts';
export { ToneDetector } from './tone-detector.ts';
export {
  isWav,
  patchSizes,
  readWav,
  readWavFormat,
  WAV_HEADER,
  type Wav,
  type WavFormat,
  wavHeader,
} from './wav.ts';
