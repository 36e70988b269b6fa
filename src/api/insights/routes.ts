import { z } from 'zod';
import type { ErrorCode } from '../../../contract/errors.ts';
import {
  ai,
  aiReprocessing,
  aiScore,
  aiSummary,
  aiTopics,
  foundTranscription,
  listOf,
  transcription,
  transcriptionQuery,
} from '../../../contract/resources/index.ts';
import { type CallRecord, presentCall } from '../../calls/index.ts';
import type { Application } from '../../directory/index.ts';
import {
  type CallInsights,
  presentFoundTranscript,
  presentScore,
  presentSummary,
  presentTopics,
  presentTranscription,
} from '../../insights/index.ts';
import { presentPage } from '../page.ts';
import { route, type Services } from '../route.ts';
import { existing, visible } from '../visible.ts';

async function knownOf(
  id: string,
  caller: Application | null,
  { calls, insights }: Services,
): Promise<{ call: CallRecord; known: CallInsights }> {
  const call = visible(await calls.call(id), caller, 'call_not_found');
  const [transcripts, parts, jobs] = await Promise.all([
    insights.store.transcriptsOf(call.id),
    insights.store.partsOf(call.id),
    insights.store.jobsOf(call.id),
  ]);
  return { call, known: { transcripts, parts, pending: jobs.map(({ recordingId }) => recordingId) } };
}

/** A route to one part of what is known of a call. */
function partRoute<Path extends `/v1/calls/:id/${string}`, Wire>(
  path: Path,
  summary: string,
  answer: z.ZodType,
  present: (known: CallInsights) => Wire | undefined,
  missing: ErrorCode,
) {
  return route({
    method: 'GET',
    path,
    auth: 'any',
    summary,
    answer,
    errors: ['call_not_found', missing],
    async handle({ params, caller, services }) {
      const { known } = await knownOf((params as { id: string }).id, caller, services);
      return existing(present(known), missing);
    },
  });
}

/** Most parts stand alone in `data`. */
const inData =
  <Wire>(present: (known: CallInsights) => Wire | undefined) =>
  (known: CallInsights) => {
    const data = present(known);
    return data && { data };
  };

export const insightRoutes = [
  route({
    method: 'GET',
    path: '/v1/calls/:id/ai',
    auth: 'any',
    summary:
      'Reads all that was made of a call: transcript, summary, score, topics. What there is not is null.',
    answer: ai,
    errors: ['call_not_found'],
    async handle({ params, caller, services }) {
      const { call, known } = await knownOf(params.id, caller, services);
      return {
        data: {
          call: presentCall(call),
          transcription: presentTranscription(known) ?? null,
          summary: presentSummary(known) ?? null,
          score: presentScore(known) ?? null,
          topics: presentTopics(known) ?? null,
        },
      };
    },
  }),
  partRoute(
    '/v1/calls/:id/transcription',
    'Reads what was said on a call, by speaker and time.',
    z.object({ data: transcription }),
    inData(presentTranscription),
    'transcription_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-summary',
    'Reads the summary of a call: outcome, sentiment, action items and key points, each with its evidence.',
    z.object({ data: aiSummary }),
    inData(presentSummary),
    'ai_summary_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-score',
    "Reads how a call does by the application's scorecard.",
    z.object({ data: aiScore }),
    inData(presentScore),
    'ai_score_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-topics',
    'Reads what a call was about.',
    aiTopics,
    presentTopics,
    'ai_topics_not_found',
  ),
  route({
    method: 'POST',
    path: '/v1/calls/:id/ai/reprocess',
    auth: 'any',
    summary: 'Transcribes and analyses the recordings of a call anew. What there was is forgotten.',
    body: z.strictObject({}),
    status: 202,
    answer: aiReprocessing,
    errors: ['call_not_found', 'nothing_to_process', 'ai_not_available'],
    async handle({ params, caller, services }) {
      const call = visible(await services.calls.call(params.id), caller, 'call_not_found');
      const recordings = await services.insights.reprocess(call);
      return { data: { call_id: call.id, status: 'processing', recordings } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/transcriptions',
    auth: 'any',
    summary: 'Searches what was said on all calls, newest first.',
    query: transcriptionQuery,
    answer: listOf(foundTranscription),
    async handle({ query, caller, services }) {
      const filter = { applicationId: caller?.id, q: query.q?.trim() || undefined };
      const page = await services.insights.store.transcripts(filter, query);
      return presentPage(page, (one) => presentFoundTranscript(one, query.q));
    },
  }),
];
