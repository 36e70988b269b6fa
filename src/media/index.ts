/**
 * Sound: RTP in and out, 20 ms at a time, in worker threads that know nothing of calls.
 */

export { createMediaEngine, type MediaOptions } from './engine.ts';
export { type InProcess, inProcessThread, type StartThread, workerThread } from './link.ts';
export type {
  AudioAgreement,
  AudioReport,
  AudioStream,
  MediaEngine,
  Sound,
  SrtpKeys,
  Tap,
  TapEnd,
  TapGap,
  TapOptions,
} from './sound.ts';
