/**
 * A call's sound as files: started and ended exactly once whatever happens, finished before it is announced,
 * found again after a crash. The frames themselves are written by the leg's tap; this room is about everything
 * around them.
 */
export { CallRecordings } from './call-recordings.ts';
export { type FileLinkOptions, FileLinks } from './file-links.ts';
export { RecordingFiles } from './files.ts';
export { type Finished, type Finisher, ThreadFinisher } from './finisher.ts';
export { presentRecording } from './present.ts';
export type { RecordedCall, RecordingOptions, RecordingPorts, StoppedBy } from './recording.ts';
export { type RecoveryPorts, recoverRecordings } from './recovery.ts';
export { Eraser, type EraserPorts, type KeptDays } from './retention.ts';
export type {
  DeletedFile,
  ErasureStore,
  Expired,
  Expiring,
  Gap,
  RecordingFilter,
  RecordingJournal,
  RecordingRecord,
  RecordingStatus,
  RecordingStore,
} from './store.ts';
