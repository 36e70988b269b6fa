import type { Perform } from '../flow.ts';

/** Starts to send the call's live sound to a WebSocket. The next action follows at once. */
export const startStream: Perform<'start_stream'> = async (action, flow) => {
  await flow.services.streams(flow.session).start(action);
};

/** Stops the streams that match, if any. */
export const stopStream: Perform<'stop_stream'> = async (action, flow) => {
  await flow.services.streams(flow.session).stop(action);
};
