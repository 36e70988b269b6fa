/**
 * A call's live sound for the application's own WebSocket, and back: an agent that listens and speaks. The call
 * never waits for a receiver, however slow or dead it is; the messages are in `contract/streams.ts`.
 */
export { CallStreams, MAX_STREAMS, streamsOfCalls } from './call-streams.ts';
export {
  type Connect,
  type Connection,
  type ConnectionHandlers,
  type ConnectOptions,
  checkStreamUrl,
  createConnect,
} from './connection.ts';
export type { StreamCounts, StreamedCall, StreamOptions, StreamPorts } from './ports.ts';
