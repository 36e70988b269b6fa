/**
 * Streams: send a call's live sound to the application's WebSocket, and play what comes back. The call never waits for
 * a receiver, however slow it is. The messages are in `contract/streams.ts`.
 */
export { CallStreams, streamsOfCalls } from './call-streams.ts';
export { type Connect, type Connection, createConnect } from './connection.ts';
export type { StreamCounts, StreamDeps, StreamedCall } from './ports.ts';
