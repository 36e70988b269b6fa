import type { CallRecord, EventDraft, Page, PageRequest } from '../calls/index.ts';
import type { Part, Transcript } from './insight.ts';

/** A recording in the queue of transcription and analysis. */
export interface Job {
  recordingId: string;
  callId: string;
  applicationId: string;
  createdAt: number;
  /** The job is not started before this time. While it runs: the end of its lease. */
  dueAt: number;
  /** Number of attempts started. */
  attempts: number;
  /** Increases with each change of ownership; the owner has the latest number. */
  claim: number;
  /** The node that runs the job; null while it waits. */
  node: number | null;
  /** Error of the last attempt. */
  lastError: string | null;
}

/** A recording to be added to the queue. */
export type NewJob = Pick<Job, 'recordingId' | 'callId' | 'applicationId' | 'createdAt'>;

/** The owner of a job. */
export type Holder = Pick<Job, 'recordingId' | 'claim'>;

/** A change of the queue and of its results. */
export interface InsightsChange {
  /** Adds recordings to the queue; those already in it start over. */
  enqueue?: NewJob[];
  /** Id of a call whose transcripts and analysis are deleted first. */
  discardCall?: string;
  /** The owner that makes the change. The change is refused if it no longer owns the job. */
  holder?: Holder;
  transcript?: Transcript;
  part?: Part;
  /** Time of the next attempt. */
  postpone?: { dueAt: number; lastError: string };
  /** Removes the job. */
  finished?: boolean;
}

/** Stores transcripts and analysis together with the events that report them. */
export interface InsightJournal {
  /** Rejects with `job_lost` and writes nothing if `holder` no longer owns the job. */
  commit(change: { insights?: InsightsChange; call?: CallRecord; events?: EventDraft[] }): Promise<void>;
}

/** The state of the queue. */
export interface Backlog {
  waiting: number;
  running: number;
  /** When the oldest job was added; null if the queue is empty. */
  oldestAt: number | null;
}

export interface TranscriptFilter {
  applicationId?: string | undefined;
  /** Words that must all occur, and phrases in quotation marks. */
  q?: string | undefined;
}

/** Reads transcripts and analysis, and manages the queue. */
export interface InsightStore {
  /**
   * Leases the job that has been due longest, until `until`.
   * @param except applications whose jobs are skipped.
   */
  claimJob(node: number, now: number, until: number, except?: string[]): Promise<Job | undefined>;
  /** Extends the lease of a job. */
  holdJob(job: Holder, until: number): Promise<void>;
  /** Makes the jobs of a former process of this node due at once. */
  releaseJobs(node: number, now: number): Promise<void>;
  /** When the next job is due; undefined if none waits. @param except applications whose jobs are ignored. */
  nextDue(except?: string[]): Promise<number | undefined>;
  backlog(): Promise<Backlog>;
  jobsOf(callId: string): Promise<Job[]>;
  transcript(recordingId: string): Promise<Transcript | undefined>;
  /** In order of their recordings. */
  transcriptsOf(callId: string): Promise<Transcript[]>;
  partsOf(callId: string): Promise<Part[]>;
  /** Completed transcripts, newest first. */
  transcripts(filter: TranscriptFilter, page: PageRequest): Promise<Page<Transcript>>;
}
