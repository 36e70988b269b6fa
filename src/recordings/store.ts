import type { EventDraft, Page, PageRequest, TimelineEntry } from '../calls/index.ts';

export type RecordingStatus = 'started' | 'completed' | 'failed';

/** A range of a recording's time whose sound is not in its file. */
export interface Gap {
  startMs: number;
  endMs: number;
  cause: 'pause' | 'skip' | 'sensitive';
}

/** A stored recording: plain data; times in milliseconds since 1970. */
export interface RecordingRecord {
  /** `rec_` + the call id; further ones with `_2`, `_3`, … */
  id: string;
  callId: string;
  customerId: string;
  applicationId: string;
  providerCallId: string;
  status: RecordingStatus;
  storageType: 'local' | 's3';
  /** Name of the file inside the recordings folder; never an absolute path. */
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

/** Stores recordings together with the events that report them. */
export interface RecordingJournal {
  commit(change: {
    recording?: RecordingRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    /** A file that is obsolete after this change. The store lists it, so that it is deleted even after a crash. */
    obsoleteFile?: string;
  }): Promise<void>;
  /** Resolves when all commits so far survive the end of the process. */
  written(): Promise<void>;
}

export interface RecordingFilter {
  applicationId?: string | undefined;
  callId?: string | undefined;
  status?: RecordingStatus | undefined;
}

/** Reads recordings. */
export interface RecordingStore {
  recording(id: string): Promise<RecordingRecord | undefined>;
  /** Newest first. */
  recordings(filter: RecordingFilter, page: PageRequest): Promise<Page<RecordingRecord>>;
  /** Recordings with status `started`; after a start, the ones that a crash interrupted. */
  openRecordings(): Promise<RecordingRecord[]>;
}

/** Kinds of data that expire. */
export type Expiring =
  | 'calls'
  | 'completed_recordings'
  | 'failed_recordings'
  | 'events'
  | 'timelines'
  | 'charges';

/** Result of a step of a deletion. */
export interface Expired {
  deleted: number;
  /** Where to continue; undefined at the end. */
  next: unknown;
  /** Where a later pass must begin: before a row that was kept only because it ended too late. */
  resume?: unknown;
}

/** A file of a deleted recording. */
export interface DeletedFile {
  /** Name inside the recordings folder. */
  file: string;
  /** Failed attempts to delete it. */
  attempts: number;
}

/** Deletes data a few rows at a time, so that calls are not delayed. Each step is one transaction. */
export interface ErasureStore {
  /**
   * Deletes the row of a call and marks the rest for deletion. Also resolves for a call that is already being erased.
   * @returns the files of its recordings. Rejects with `call_not_found`, `call_active` or `call_events_pending`.
   */
  eraseCall(id: string): Promise<string[]>;
  /**
   * Deletes some remaining rows of calls that are being erased, or of one call. @returns false if there were none.
   */
  continueErasing(callId?: string): Promise<boolean>;
  /** Deletes a recording and everything derived from it, and lists its files. @returns these files. */
  deleteRecording(id: string): Promise<string[]>;
  /** Deletes some data older than `before`. @param from `next` of the previous step. */
  expire(what: Expiring, before: number, from?: unknown): Promise<Expired>;
  /** Listed files that are due for deletion. */
  dueFiles(limit: number): Promise<DeletedFile[]>;
  fileDeleted(file: string): Promise<void>;
  /** Schedules the next attempt to delete a file. */
  fileKept(file: string, dueAt: number): Promise<void>;
}
