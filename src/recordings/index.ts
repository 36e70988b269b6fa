/**
 * Recordings of calls. Each starts and ends exactly once, its file is complete before it is announced, and it is recovered
 * after a crash. The tap of a leg writes the frames; this module does everything else.
 */
export { CallRecordings } from './call-recordings.ts';
export { FileLinks } from './file-links.ts';
export { RecordingFiles } from './files.ts';
export { type Finisher, ThreadFinisher } from './finisher.ts';
export { presentRecording } from './present.ts';
export type { RecordingDeps } from './recording.ts';
export { recoverRecordings } from './recovery.ts';
export { Eraser } from './retention.ts';
export type {
  DeletedFile,
  ErasureStore,
  Expired,
  Expiring,
  Gap,
  RecordingFilter,
  RecordingJournal,
  RecordingRecord,
  RecordingStore,
} from './store.ts';
