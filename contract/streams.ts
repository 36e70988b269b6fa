/**
 * The messages of a live stream: JSON in text frames of a WebSocket that MiniVoice opens to the application. Their form
 * follows Twilio's media streams, including counters as text, with the names of this contract.
 */
import { z } from 'zod';
import { id, variables } from './resources/values.ts';

const counter = (description: string) => z.string().regex(/^\d+$/).describe(description);

const track = z.enum(['inbound', 'outbound']);

const audio = z.base64().describe('Audio as µ-law, 8 kHz, mono, in base64.');

const markName = z.string().min(1).max(256);

const numbered = {
  sequence_number: counter(
    'The number of the message on this connection after `connected`: 1, 2, 3, … without a gap.',
  ),
  stream_id: id('str'),
};

const connected = z.object({
  event: z.literal('connected'),
  protocol: z.literal('Call'),
  version: z.literal('1.0.0'),
});

const start = z.object({
  event: z.literal('start'),
  ...numbered,
  start: z.object({
    stream_id: id('str'),
    call_id: id('call'),
    application_id: id('app'),
    track: z
      .enum(['inbound', 'outbound', 'both'])
      .describe('`inbound`: what the caller says. `outbound`: what the caller hears.'),
    bidirectional: z.boolean().describe('The caller hears the audio that the server sends back.'),
    media_format: z.object({
      encoding: z.literal('audio/x-mulaw'),
      sample_rate: z.literal(8000),
      channels: z.literal(1),
    }),
    custom_parameters: variables,
    reconnect: z
      .int()
      .describe('0 for the first connection; 1, 2, … for each new connection of the same stream.'),
  }),
});

const media = z.object({
  event: z.literal('media'),
  ...numbered,
  media: z.object({
    track,
    chunk: counter('The number of the frame in the track: 1, 2, 3, … Missing numbers are dropped frames.'),
    timestamp: counter('The start of the frame in milliseconds since the start of the stream.'),
    payload: audio,
  }),
});

const dtmf = z.object({
  event: z.literal('dtmf'),
  ...numbered,
  dtmf: z.object({ track: z.literal('inbound'), digit: z.string().regex(/^[0-9*#A-D]$/) }),
});

const mark = z.object({ event: z.literal('mark'), ...numbered, mark: z.object({ name: markName }) });

const stop = z.object({
  event: z.literal('stop'),
  ...numbered,
  stop: z.object({
    call_id: id('call'),
    application_id: id('app'),
    reason: z
      .enum(['stopped', 'call_ended', 'flooded'])
      .describe('`stopped`: by `stop_stream`. `flooded`: the server sent messages too fast.'),
    messages_dropped: z
      .int()
      .describe(
        'The number of messages that were not sent because the receiver was too slow or unreachable.',
      ),
    messages_ignored: z.int().describe('The number of invalid or excess messages from the server.'),
  }),
});

const ownStreamId = z.string().optional().describe('Optional; must be the id from `start`.');

const playMedia = z.object({
  event: z.literal('media'),
  stream_id: ownStreamId,
  media: z.object({ payload: audio }),
});

const requestMark = z.object({
  event: z.literal('mark'),
  stream_id: ownStreamId,
  mark: z.object({ name: markName }),
});

const clear = z.object({ event: z.literal('clear'), stream_id: ownStreamId });

/** The messages that MiniVoice sends, by event name. */
export const STREAM_MESSAGES = {
  connected: {
    summary: 'The first message on every connection.',
    schema: connected,
    example: { event: 'connected', protocol: 'Call', version: '1.0.0' },
  },
  start: {
    summary: 'Describes the stream. The second message on every connection.',
    schema: start,
    example: {
      event: 'start',
      sequence_number: '1',
      stream_id: 'str_123',
      start: {
        stream_id: 'str_123',
        call_id: 'call_123',
        application_id: 'app_123',
        track: 'inbound',
        bidirectional: false,
        media_format: { encoding: 'audio/x-mulaw', sample_rate: 8000, channels: 1 },
        custom_parameters: { plan: 'gold' },
        reconnect: 0,
      },
    },
  },
  media: {
    summary: '20 ms (160 bytes) of audio of one track.',
    schema: media,
    example: {
      event: 'media',
      sequence_number: '2',
      stream_id: 'str_123',
      media: { track: 'inbound', chunk: '1', timestamp: '0', payload: 'f39/fw==' },
    },
  },
  dtmf: {
    summary: 'The caller pressed a key.',
    schema: dtmf,
    example: {
      event: 'dtmf',
      sequence_number: '3',
      stream_id: 'str_123',
      dtmf: { track: 'inbound', digit: '5' },
    },
  },
  mark: {
    summary: 'The caller has heard the audio that was sent before the mark of this name, or it was cleared.',
    schema: mark,
    example: { event: 'mark', sequence_number: '4', stream_id: 'str_123', mark: { name: 'greeting' } },
  },
  stop: {
    summary: 'The last message of the stream. MiniVoice then closes the connection.',
    schema: stop,
    example: {
      event: 'stop',
      sequence_number: '5',
      stream_id: 'str_123',
      stop: {
        call_id: 'call_123',
        application_id: 'app_123',
        reason: 'call_ended',
        messages_dropped: 0,
        messages_ignored: 0,
      },
    },
  },
};

/** The messages that the server may send on a bidirectional stream. */
export const STREAM_REQUESTS = {
  media: {
    summary:
      'Adds audio of any length to the queue that the caller hears. The queue holds up to 60 seconds; audio beyond that is ignored.',
    schema: playMedia,
    example: { event: 'media', stream_id: 'str_123', media: { payload: 'f39/fw==' } },
  },
  mark: {
    summary:
      'Requests a `mark` of the same name when the caller has heard all audio that was sent before it.',
    schema: requestMark,
    example: { event: 'mark', stream_id: 'str_123', mark: { name: 'greeting' } },
  },
  clear: {
    summary: 'Discards the queued audio. Pending marks are returned at once.',
    schema: clear,
    example: { event: 'clear', stream_id: 'str_123' },
  },
};

/** Any message that MiniVoice sends. */
export const streamMessage = z.discriminatedUnion('event', [connected, start, media, dtmf, mark, stop]);

/** Any message that the server may send. */
export const streamRequest = z.discriminatedUnion('event', [playMedia, requestMark, clear]);

export type StreamMessage = z.output<typeof streamMessage>;
export type StreamRequest = z.output<typeof streamRequest>;
