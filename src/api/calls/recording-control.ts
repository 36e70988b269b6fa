import type { z } from 'zod';
import { RECORDING_ORDERS, recordingControl, recordingOrder } from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import { type CallRecordings, presentRecording, type RecordingRecord } from '../../recordings/index.ts';
import { route } from '../route.ts';
import { liveCall } from './routes.ts';

type Order = z.output<typeof recordingOrder>;
type OrderName = (typeof RECORDING_ORDERS)[number];
type Recordings = Pick<CallRecordings, 'start' | 'stop' | 'pause' | 'resume'>;

interface Outcome {
  recording: RecordingRecord;
  status: 200 | 201;
}

/** What each order does. Only a start that starts something has created it. */
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

/** A call that ends at this moment is still there, and takes no orders. */
function tooLate(error: unknown): never {
  if (!(error instanceof Failure) || error.code !== 'call_ended') throw error;
  throw new Failure('active_call_not_found', 'no such call is active', { cause: error });
}

const isOrder = (name: string): name is OrderName => Object.hasOwn(ORDERS, name);

export const recordingControlRoutes = [
  route({
    method: 'POST',
    path: '/v1/calls/:id/recordings',
    auth: 'any',
    summary: 'Starts, stops, pauses or resumes the recording of a live call.',
    body: recordingOrder,
    answer: recordingControl,
    errors: [
      'invalid_action',
      'active_call_not_found',
      'recording_not_started',
      'call_uuid_missing',
      'recording_start_failed',
      'recording_stop_failed',
    ],
    async handle({ params, body, caller, services, reply }) {
      const { action } = body;
      if (!isOrder(action)) {
        throw new Failure('invalid_action', `action must be one of ${RECORDING_ORDERS.join(', ')}`);
      }
      const call = await liveCall(params.id, caller, services);
      const recordings = services.live.recordings(call.id);
      if (!recordings) throw new Failure('call_uuid_missing', 'the call has no SIP leg yet');
      const { recording, status } = await ORDERS[action](recordings, body).catch(tooLate);
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
