import type { EventDraft, Page, PageRequest, TimelineEntry } from '../calls/index.ts';

export type RecordingStatus = 'started' | 'completed' | 'failed';

export interface Gap {
  startMs: number;
  endMs: number;
  cause: 'pause' | 'skip' | 'sensitive';
}

/** A recording as it is kept: plain data, times in milliseconds since 1970. */
export interface RecordingRecord {
  /** `rec_` + the call id, then `_2`, `_3`, … */
  id: string;
  callId: string;
  customerId: string;
  applicationId: string;
  providerCallId: string;
  status: RecordingStatus;
  storageType: 'local' | 's3';
  /** The file's name inside the recordings folder; never an absolute path. */
  file: string;
  format: 'wav' | 'mp3';
  channels: 1 | 2;
  sampleRate: number;
  createdAt: number;
  updatedAt: number;
  startedAt: number;
  endedAt: number | null;
  endedBy: string | null;
  durationMs: number;
  sizeBytes: number;
  sha256: string | null;
  gaps: Gap[];
  recovered: boolean;
  error: { code: string; message: string } | null;
}

/** Where recordings are kept, with the events that report them. */
export interface RecordingJournal {
  commit(change: {
    recording?: RecordingRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    /** A file that nobody needs once this is written: it is noted, so that a crash leaves it to the next start. */
    obsoleteFile?: string;
  }): Promise<void>;
  /** Resolves when what was committed would outlive the process, which may be later than the commit says. */
  written(): Promise<void>;
}

export interface RecordingFilter {
  applicationId?: string | undefined;
  callId?: string | undefined;
  status?: RecordingStatus | undefined;
}

export interface RecordingStore {
  recording(id: string): Promise<RecordingRecord | undefined>;
  /** Newest first. */
  recordings(filter: RecordingFilter, page: PageRequest): Promise<Page<RecordingRecord>>;
  /** Recordings with status `started`: after a start, those a crash cut off. */
  openRecordings(): Promise<RecordingRecord[]>;
}

/** What is deleted when it is old enough. */
export type Expiring =
  | 'calls'
  | 'completed_recordings'
  | 'failed_recordings'
  | 'events'
  | 'timelines'
  | 'charges';

/** What became of a look at some old rows. */
export interface Expired {
  deleted: number;
  /** Where to go on; undefined at the end. */
  next: unknown;
}

/** A file of a recording that is gone. */
export interface DeletedFile {
  /** Its name inside the recordings folder. */
  file: string;
  /** How often it could not be deleted. */
  attempts: number;
}

/** Deleting, a few rows at a time, so that calls are not held up. Each step is a transaction of its own. */
export interface ErasureStore {
  /**
   * Deletes a call's own row, and notes that the rest is to go. Resolves for a call that is being erased already.
   * @returns the files of its recordings. Fails with `call_not_found`, `call_active`, `call_events_pending`.
   */
  eraseCall(id: string): Promise<string[]>;
  /**
   * Deletes some of what is left of calls that are being erased, or of this one. @returns false when nothing was left.
   */
  continueErasing(callId?: string): Promise<boolean>;
  /** Deletes a recording and what was derived from it, and notes its files. @returns these files. */
  deleteRecording(id: string): Promise<string[]>;
  /** Deletes some of what is older than `before`. @param from `next` of the call before. */
  expire(what: Expiring, before: number, from?: unknown): Promise<Expired>;
  /** Files that were noted and whose turn it is. */
  dueFiles(limit: number): Promise<DeletedFile[]>;
  fileDeleted(file: string): Promise<void>;
  /** It could not be deleted: its turn comes again then. */
  fileKept(file: string, dueAt: number): Promise<void>;
}
