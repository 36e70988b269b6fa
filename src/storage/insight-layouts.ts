import type { Job, Part, Transcript } from '../insights/index.ts';
import type { Layout, Row } from './layouts.ts';

export const transcriptLayout = {
  recordingId: 'plain',
  callId: 'plain',
  applicationId: 'plain',
  status: 'plain',
  language: 'plain',
  engine: 'plain',
  segments: 'json',
  fullText: 'plain',
  error: 'json',
  createdAt: 'plain',
} as const satisfies Layout<Transcript>;

export const partLayout = {
  callId: 'plain',
  part: 'plain',
  applicationId: 'plain',
  status: 'plain',
  engine: 'plain',
  data: 'json',
  error: 'json',
  createdAt: 'plain',
} as const satisfies Layout<Part>;

export const jobLayout = {
  recordingId: 'plain',
  callId: 'plain',
  applicationId: 'plain',
  createdAt: 'plain',
  dueAt: 'plain',
  attempts: 'plain',
  claim: 'plain',
  node: 'plain',
  lastError: 'plain',
} as const satisfies Layout<Job>;

export interface InsightTables {
  transcripts: Row<Transcript, typeof transcriptLayout>;
  insightParts: Row<Part, typeof partLayout>;
  insightJobs: Row<Job, typeof jobLayout>;
}
