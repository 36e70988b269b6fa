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
import { existing, presentPage, visible } from '../resources.ts';
import { route, type Services } from '../route.ts';

/** Loads a call with its transcripts and analysis. Fails with `call_not_found`. */
async function insightsOf(
  id: string,
  client: Application | null,
  { calls, insights }: Services,
): Promise<{ call: CallRecord; known: CallInsights }> {
  const call = visible(await calls.call(id), client, 'call_not_found');
  const [transcripts, parts, jobs] = await Promise.all([
    insights.store.transcriptsOf(call.id),
    insights.store.partsOf(call.id),
    insights.store.jobsOf(call.id),
  ]);
  return { call, known: { transcripts, parts, pending: jobs.map(({ recordingId }) => recordingId) } };
}

/** Declares a route that returns one part of a call's transcript and analysis. */
function partRoute<Path extends `/v1/calls/:id/${string}`, Wire>(
  path: Path,
  summary: string,
  response: z.ZodType,
  present: (known: CallInsights) => Wire | undefined,
  missing: ErrorCode,
) {
  return route({
    method: 'GET',
    path,
    auth: 'any',
    summary,
    response,
    errors: ['call_not_found', missing],
    async handle({ params, client, services }) {
      const { known } = await insightsOf((params as { id: string }).id, client, services);
      return existing(present(known), missing);
    },
  });
}

/** Wraps the response of most parts in `data`. */
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
      'Returns the transcript, summary, score and topics of a call. A part that does not exist is null.',
    response: ai,
    errors: ['call_not_found'],
    async handle({ params, client, services }) {
      const { call, known } = await insightsOf(params.id, client, services);
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
    'Returns the transcript of a call, by speaker and time.',
    z.object({ data: transcription }),
    inData(presentTranscription),
    'transcription_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-summary',
    'Returns the summary of a call: outcome, sentiment, action items and key points, each with its evidence.',
    z.object({ data: aiSummary }),
    inData(presentSummary),
    'ai_summary_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-score',
    "Returns the score of a call by the application's scorecard.",
    z.object({ data: aiScore }),
    inData(presentScore),
    'ai_score_not_found',
  ),
  partRoute(
    '/v1/calls/:id/ai-topics',
    'Returns the topics of a call.',
    aiTopics,
    presentTopics,
    'ai_topics_not_found',
  ),
  route({
    method: 'POST',
    path: '/v1/calls/:id/ai/reprocess',
    auth: 'any',
    summary:
      'Transcribes and analyzes the recordings of a call again. The new results replace the existing ones.',
    body: z.strictObject({}),
    status: 202,
    response: aiReprocessing,
    errors: ['call_not_found', 'nothing_to_process', 'ai_not_available'],
    async handle({ params, client, services }) {
      const call = visible(await services.calls.call(params.id), client, 'call_not_found');
      const recordings = await services.insights.reprocess(call);
      return { data: { call_id: call.id, status: 'processing', recordings } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/transcriptions',
    auth: 'any',
    summary: 'Searches the transcripts of all calls, newest first.',
    query: transcriptionQuery,
    response: listOf(foundTranscription),
    async handle({ query, client, services }) {
      const filter = { applicationId: client?.id, q: query.q?.trim() || undefined };
      const page = await services.insights.store.transcripts(filter, query);
      return presentPage(page, (one) => presentFoundTranscript(one, query.q));
    },
  }),
];
