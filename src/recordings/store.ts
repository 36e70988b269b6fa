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
  deleteRecording(id: string): Promise<void>;
}
