import type { Streams } from '../actions/index.ts';
import type { CallStreams } from '../streams/index.ts';

/** A call's live streams as the actions see them. */
export function streamsOver(streams: CallStreams): Streams {
  return {
    start: async (options) => void (await streams.start(options)),
    stop: (which) => void streams.stop(which),
  };
}
