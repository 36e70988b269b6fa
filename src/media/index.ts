/**
 * Audio of calls: RTP in and out, 20 ms at a time, on worker threads that know nothing of calls.
 * `engine.open()` gives a `Sound`, the proxy of a `MediaSession` on a media thread; `protocol.ts` describes the messages.
 */
export type { AudioAgreement } from './agreement.ts';
export { createMediaEngine, type MediaEngine, type MediaOptions } from './engine.ts';
export { inProcessThread, workerThread } from './link.ts';
export type { AudioStream, Sound, Tap, TapEnd, TapGap, TapOptions } from './sound.ts';
