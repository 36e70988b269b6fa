import type { EventDraft } from '../calls/index.ts';
import { explain, Failure } from '../core/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';
import { type AnalysisInput, tryInOrder } from './engines.ts';

import {
  type InsightError,
  PARTS,
  type Part,
  type PartName,
  type SpokenSegment,
  type Transcript,
} from './insight.ts';
import type { InsightDeps } from './ports.ts';
import { DEFAULT_SCORECARD } from './scorecard.ts';
import type { Job } from './store.ts';

/** Attempts per recording. An attempt counts even if its process dies. */
export const MAX_ATTEMPTS = 6;
/** Seconds between attempts. */
const BACK_OFF = [10, 60, 300, 900, 3600];

/**
 * Runs a job: transcribes the recording, then analyzes the call. Each result is stored as soon as it is ready, and results
 * of a former attempt are reused. Rejects with `job_lost` if another process owns the job, and when `signal` aborts.
 */
export async function work(job: Job, deps: InsightDeps, signal: AbortSignal): Promise<void> {
  const recording = await usable(deps.recordings.recording(job.recordingId));
  if (recording?.status !== 'completed')
    return deps.journal.commit({ insights: { holder: job, finished: true } });
  const transcript = await transcriptFor(job, recording, deps, signal);
  if (!transcript) return;
  const parts = await makeParts(job, recording.customerId, deps, signal);
  await finish(job, transcript, parts, deps);
}

/** Makes and stores the transcript; undefined if the job was postponed. */
async function transcriptFor(
  job: Job,
  recording: RecordingRecord,
  deps: InsightDeps,
  signal: AbortSignal,
): Promise<Transcript | undefined> {
  const stored = await usable(deps.store.transcript(job.recordingId));
  if (stored?.status === 'completed') return stored;
  try {
    if (job.attempts > MAX_ATTEMPTS)
      throw new Failure('recognition_failed', job.lastError ?? 'the limit of attempts is reached');
    const transcript = await transcribe(job, recording, deps, signal);
    await deps.journal.commit({ insights: { holder: job, transcript } });
    return transcript;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === 'job_lost') throw error;
    if (job.attempts < MAX_ATTEMPTS) return postpone(job, error, deps);
    return giveUp(job, error, deps);
  }
}

async function transcribe(
  job: Job,
  recording: RecordingRecord,
  { engines, files, clock, log }: InsightDeps,
  signal: AbortSignal,
): Promise<Transcript> {
  const path = files.path(recording.file);
  const { transcribers } = engines(job.applicationId);
  const transcription = await tryInOrder(
    transcribers,
    (one) => one.transcribe(recording, path, signal),
    signal,
    log,
  );
  return {
    ...owner(job),
    recordingId: job.recordingId,
    status: 'completed',
    ...transcription,
    fullText: transcription.segments.map(({ text }) => text).join('\n'),
    error: null,
    createdAt: Math.round(clock.now()),
  };
}

async function postpone(job: Job, error: unknown, { journal, clock, log }: InsightDeps): Promise<undefined> {
  const lastError = explain(error);
  const dueAt = Math.round(clock.now() + BACK_OFF[Math.min(job.attempts, BACK_OFF.length) - 1]! * 1000);
  log.warn(
    { recording: job.recordingId, attempt: job.attempts, error: lastError },
    'a transcription failed and will be retried',
  );
  await journal.commit({ insights: { holder: job, postpone: { dueAt, lastError } } });
}

async function giveUp(job: Job, error: unknown, { journal, clock, log }: InsightDeps): Promise<Transcript> {
  log.error({ recording: job.recordingId, error: explain(error) }, 'could not transcribe a recording');
  const transcript: Transcript = {
    ...owner(job),
    recordingId: job.recordingId,
    status: 'failed',
    language: '',
    engine: '',
    segments: [],
    fullText: '',
    error: errorOf(error, 'recognition_failed'),
    createdAt: Math.round(clock.now()),
  };
  await journal.commit({ insights: { holder: job, transcript } });
  return transcript;
}

/** Makes every part of the analysis. A failed part does not affect the others. */
async function makeParts(
  job: Job,
  customerId: string,
  deps: InsightDeps,
  signal: AbortSignal,
): Promise<Part[]> {
  const transcripts = (await deps.store.transcriptsOf(job.callId)).filter(
    ({ status }) => status === 'completed',
  );
  const spoken = transcripts.flatMap(({ recordingId, segments }): SpokenSegment[] =>
    segments.map((segment) => ({ ...segment, recordingId })),
  );
  const scorecard = deps.settings(job.applicationId)?.scorecard ?? DEFAULT_SCORECARD;
  const parts: Part[] = [];
  for (const name of PARTS) {
    const made =
      transcripts.length > 0
        ? makePart(job, name, { customerId, spoken, scorecard }, deps, signal)
        : missing(job, name, deps);
    const part = await made;
    await deps.journal.commit({ insights: { holder: job, part } });
    parts.push(part);
  }
  return parts;
}

async function makePart(
  job: Job,
  name: PartName,
  material: AnalysisInput,
  { engines, clock, log }: InsightDeps,
  signal: AbortSignal,
): Promise<Part> {
  const made = { ...owner(job), part: name, createdAt: Math.round(clock.now()) };
  try {
    const { analysts } = engines(job.applicationId);
    const ask = async (one: (typeof analysts)[number]) => ({
      data: await one.analyze(name, material, signal),
      engine: one.engine,
    });
    const { data, engine } = await tryInOrder(analysts, ask, signal, log);
    return { ...made, status: 'completed', engine, data, error: null };
  } catch (error) {
    signal.throwIfAborted();
    return { ...made, status: 'failed', engine: '', data: null, error: errorOf(error, 'analysis_failed') };
  }
}

/** Makes a failed part for a call without a transcript. */
async function missing(job: Job, name: PartName, { clock }: InsightDeps): Promise<Part> {
  const error = { code: 'recognition_failed', message: 'the call has no transcript' };
  const createdAt = Math.round(clock.now());
  return { ...owner(job), part: name, status: 'failed', engine: '', data: null, error, createdAt };
}

/** Removes the job, and reports the result in the same commit if the application wants events. */
async function finish(job: Job, transcript: Transcript, parts: Part[], deps: InsightDeps): Promise<void> {
  const insights = { holder: job, finished: true };
  const call = deps.settings(job.applicationId)?.aiEvents
    ? await usable(deps.calls.call(job.callId))
    : undefined;
  if (!call) return deps.journal.commit({ insights });
  const error = [transcript, ...parts].find((one) => one.error)?.error;
  const event: EventDraft = {
    event: error ? 'ai.failed' : 'ai.completed',
    at: Math.round(deps.clock.now()),
    call,
    data: {
      recording_id: job.recordingId,
      transcription: transcript.status,
      ...Object.fromEntries(parts.map(({ part, status }) => [part, status])),
      ...(error ? { error } : {}),
    },
  };
  await deps.journal.commit({ insights, events: [event] });
}

/** Reads a stored row; undefined if it is missing or damaged, so that the job can continue. */
async function usable<T>(stored: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await stored;
  } catch (error) {
    if (error instanceof Failure && error.code === 'stored_row_unusable') return undefined;
    throw error;
  }
}

const owner = ({ callId, applicationId }: Job) => ({ callId, applicationId });

function errorOf(error: unknown, code: string): InsightError {
  return { code: error instanceof Failure ? error.code : code, message: explain(error) };
}
