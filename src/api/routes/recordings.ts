import type { z } from 'zod';
import { errorMessage } from '../../../contract/errors.ts';
import {
  listOf,
  pageQuery,
  RECORDING_ORDERS,
  recordingControl,
  recordingOrder,
  recordingQuery,
  recording as recordingSchema,
} from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { type CallRecordings, presentRecording, type RecordingRecord } from '../../recordings/index.ts';
import { presentPage, visible } from '../resources.ts';
import { route, type Services } from '../route.ts';
import { sendFile } from '../send-file.ts';
import { findLiveCall } from './calls.ts';

const findRecording = async (
  id: string,
  client: Application | null,
  { recordings }: Services,
): Promise<RecordingRecord> => visible(await recordings.recording(id), client, 'recording_not_found');

export const recordingRoutes = [
  route({
    method: 'GET',
    path: '/v1/recordings',
    auth: 'any',
    summary: 'Lists recordings, newest first.',
    query: recordingQuery,
    response: listOf(recordingSchema),
    async handle({ query, client, services }) {
      const filter = { applicationId: client?.id, callId: query.call_id, status: query.status };
      const page = await services.recordings.recordings(filter, query);
      return presentPage(page, (one) => presentRecording(one, services.links));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/recordings',
    auth: 'any',
    summary: 'Lists the recordings of a call, newest first.',
    query: pageQuery,
    response: listOf(recordingSchema),
    errors: ['call_not_found'],
    async handle({ params, query, client, services }) {
      const call = visible(await services.calls.call(params.id), client, 'call_not_found');
      const page = await services.recordings.recordings({ callId: call.id }, query);
      return presentPage(page, (one) => presentRecording(one, services.links));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/recordings/:id',
    auth: 'any',
    summary: 'Returns a recording.',
    response: recordingSchema,
    errors: ['recording_not_found'],
    handle: async ({ params, client, services }) =>
      presentRecording(await findRecording(params.id, client, services), services.links),
  }),
  route({
    method: 'GET',
    path: '/v1/recordings/:id/file',
    auth: 'signed_url',
    summary:
      'Returns the audio file of a recording or a byte range of it, with a key or by its signed `file_url`.',
    contentType: 'audio/*',
    errors: ['recording_not_found', 'recording_not_ready', 'recording_file_missing', 'range_not_satisfiable'],
    async handle({ params, client, services, request, reply }) {
      const recording = await findRecording(params.id, client, services);
      return sendFile(recording, services.files, request, reply);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/recordings/:id',
    auth: 'any',
    summary: 'Deletes a recording and its file permanently.',
    status: 204,
    errors: ['recording_not_found', 'recording_not_ready'],
    async handle({ params, client, services }) {
      await services.eraser.deleteRecording(await findRecording(params.id, client, services));
    },
  }),
];

type Order = z.output<typeof recordingOrder>;
type OrderName = (typeof RECORDING_ORDERS)[number];
type Recordings = Pick<CallRecordings, 'start' | 'stop' | 'pause' | 'resume'>;

interface Outcome {
  recording: RecordingRecord;
  status: 200 | 201;
}

/** What each order does. Only an order that starts a new recording results in a 201. */
const ORDERS: Record<OrderName, (recordings: Recordings, order: Order) => Promise<Outcome>> = {
  async start(recordings, { channels = 2, format = 'wav', max_seconds: maxSeconds = 14_400 }) {
    const { recording, already } = await recordings.start({ channels, format, maxSeconds });
    return { recording, status: already ? 200 : 201 };
  },
  stop: async (recordings) => ({ recording: await recordings.stop('api'), status: 200 }),
  pause: async (recordings, { mode = 'silence' }) => ({
    recording: await recordings.pause(mode),
    status: 200,
  }),
  resume: async (recordings) => ({ recording: await recordings.resume(), status: 200 }),
};

const isOrder = (name: string): name is OrderName => Object.hasOwn(ORDERS, name);

/** A call that is ending is still in the list of live calls, but takes no more orders. */
function notActiveIfEnded(error: unknown): never {
  if (!(error instanceof Failure) || error.code !== 'call_ended') throw error;
  throw new Failure('active_call_not_found', errorMessage('active_call_not_found'), { cause: error });
}

export const recordingControlRoutes = [
  route({
    method: 'POST',
    path: '/v1/calls/:id/recordings',
    auth: 'any',
    summary: 'Starts, stops, pauses or resumes the recording of a live call.',
    body: recordingOrder,
    response: recordingControl,
    errors: [
      'invalid_action',
      'active_call_not_found',
      'recording_not_started',
      'call_uuid_missing',
      'recording_start_failed',
      'recording_stop_failed',
    ],
    async handle({ params, body, client, services, reply }) {
      const { action } = body;
      if (!isOrder(action)) {
        throw new Failure('invalid_action', `action must be one of ${RECORDING_ORDERS.join(', ')}`);
      }
      const call = await findLiveCall(params.id, client, services);
      const recordings = services.live.recordings(call.id);
      if (!recordings) throw new Failure('call_uuid_missing', errorMessage('call_uuid_missing'));
      const { recording, status } = await ORDERS[action](recordings, body).catch(notActiveIfEnded);
      reply.code(status);
      return {
        data: {
          call_id: call.id,
          provider_call_id: call.providerCallId,
          action,
          recording: presentRecording(recording, services.links),
        },
      };
    },
  }),
];
