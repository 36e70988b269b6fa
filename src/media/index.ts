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
  Tap,
  TapEnd,
  TapOptions,
} from './audio.ts';
