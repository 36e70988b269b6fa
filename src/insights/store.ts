import type { CallRecord, EventDraft, Page, PageRequest } from '../calls/index.ts';
import type { Part, Transcript } from './insight.ts';

/** A recording that waits to be transcribed and analysed. */
export interface Job {
  recordingId: string;
  callId: string;
  applicationId: string;
  createdAt: number;
  /** Not before then. While somebody is at it: until when the job is theirs. */
  dueAt: number;
  /** How often it was begun. */
  attempts: number;
  /** Counts up whenever the job changes hands: who has the last number holds it. */
  claim: number;
  /** The node that is at it; null while it waits. */
  node: number | null;
  /** Why the last try failed. */
  lastError: string | null;
}

/** A recording to be put in the queue. */
export type NewJob = Pick<Job, 'recordingId' | 'callId' | 'applicationId' | 'createdAt'>;

/** Who holds a job. */
export type Holder = Pick<Job, 'recordingId' | 'claim'>;

/** What is done to the queue and to what has come of it. */
export interface InsightsChange {
  /** Puts recordings in the queue; those that are there already start anew. */
  enqueue?: NewJob[];
  /** First forgets what was derived from this call. */
  afresh?: string;
  /** Who makes the change: when the job is not theirs any more, the whole change is refused. */
  holder?: Holder;
  transcript?: Transcript;
  part?: Part;
  /** Tries again then. */
  postpone?: { dueAt: number; lastError: string };
  /** The job is over. */
  finished?: boolean;
}

/** Where what is derived from recordings is kept, with the events that report it. */
export interface InsightJournal {
  /** Rejects with `job_lost`, and nothing written, when `holder` holds the job no more. */
  commit(change: { insights?: InsightsChange; call?: CallRecord; events?: EventDraft[] }): Promise<void>;
}

export interface Backlog {
  waiting: number;
  running: number;
  /** When the oldest job was put in; null when there is none. */
  oldestAt: number | null;
}

export interface TranscriptFilter {
  applicationId?: string | undefined;
  /** All of these words, and phrases in quotation marks. */
  q?: string | undefined;
}

export interface InsightStore {
  /**
   * Leases the job that has been due longest, until `until`.
   * @param except applications whose jobs are not taken.
   */
  claimJob(node: number, now: number, until: number, except?: string[]): Promise<Job | undefined>;
  /** Keeps a job for longer. */
  holdJob(job: Holder, until: number): Promise<void>;
  /** What a former process of this node was at is due at once. */
  releaseJobs(node: number, now: number): Promise<void>;
  /** When the next job is due; undefined when none waits. @param except applications whose jobs do not count. */
  nextDue(except?: string[]): Promise<number | undefined>;
  backlog(): Promise<Backlog>;
  jobsOf(callId: string): Promise<Job[]>;
  transcript(recordingId: string): Promise<Transcript | undefined>;
  /** In the order of their recordings. */
  transcriptsOf(callId: string): Promise<Transcript[]>;
  partsOf(callId: string): Promise<Part[]>;
  /** Completed ones, newest first. */
  transcripts(filter: TranscriptFilter, page: PageRequest): Promise<Page<Transcript>>;
}
