/**
 * Sound: RTP in and out, 20 ms at a time, in worker threads that know nothing of calls.
 */
export type {
  Audio,
  AudioAgreement,
  AudioReport,
  AudioStream,
  MediaEngine,
  SrtpKeys,
  Tap,
  TapEnd,
  TapGap,
  TapOptions,
} from './audio.ts';
export { createMediaEngine, type MediaOptions } from './engine.ts';
export { type InProcess, inProcessThread, type StartThread, workerThread } from './link.ts';
