import type { Perform } from '../flow.ts';

/** Sends the call's live sound to a WebSocket, and goes on at once. */
export const startStream: Perform<'start_stream'> = async (action, flow) => {
  await flow.services.streams(flow.session).start(action);
};

/** Ends the streams that match; none matching is no error. */
export const stopStream: Perform<'stop_stream'> = async (action, flow) => {
  await flow.services.streams(flow.session).stop(action);
};
