/**
 * Sound: RTP in and out, 20 ms at a time, in worker threads that know nothing of calls.
 */
export type {
  Audio,
  AudioAgreement,
  AudioReport,
  Digit,
  MediaEngine,
  Sound,
  SoundStream,
  SrtpKeys,
  Tap,
  TapEnd,
  TapGap,
  TapOptions,
} from './audio.ts';
export { createSoundDecoder, type SoundDecoder } from './decoding.ts';
export { createMediaEngine, type MediaOptions } from './engine.ts';
export { toneLevel } from './goertzel.ts';
export { holdMusic } from './hold-music.ts';
export { type InProcess, inProcessThread, type StartThread, workerThread } from './link.ts';
export { Resampler, resample } from './resampler.ts';
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
