/**
 * The messages of a live stream: JSON in text frames over a WebSocket that MiniVoice opens to the application. They
 * have the form of Twilio's media streams, counts as text included, in this contract's names.
 */
import { z } from 'zod';
import { id, variables } from './resources/values.ts';

const count = (meaning: string) => z.string().regex(/^\d+$/).describe(meaning);

const track = z.enum(['inbound', 'outbound']);

const sound = z.base64().describe('mu-law, 8 kHz, mono; in base64.');

const markName = z.string().min(1).max(256);

const numbered = {
  sequence_number: count("Counts this connection's messages after `connected`: 1, 2, 3, … without a gap."),
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
    bidirectional: z.boolean().describe('What is sent back is heard by the caller.'),
    media_format: z.object({
      encoding: z.literal('audio/x-mulaw'),
      sample_rate: z.literal(8000),
      channels: z.literal(1),
    }),
    custom_parameters: variables,
    reconnect: z.int().describe('0 on the first connection; 1, 2, … when the stream goes on over another.'),
  }),
});

const media = z.object({
  event: z.literal('media'),
  ...numbered,
  media: z.object({
    track,
    chunk: count("Counts the track's frames: 1, 2, 3, …; what is missing was dropped."),
    timestamp: count("The frame's beginning: milliseconds since the beginning of the stream."),
    payload: sound,
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
      .describe('`stopped` by `stop_stream`; `flooded`: the server sent more than can be taken.'),
    messages_dropped: z
      .int()
      .describe('Messages that were not sent, because the receiver was too slow or away.'),
    messages_ignored: z.int().describe('Messages from the server that were not taken.'),
  }),
});

const ours = z.string().optional().describe('Where it is given, it must be that of `start`.');

const playMedia = z.object({
  event: z.literal('media'),
  stream_id: ours,
  media: z.object({ payload: sound }),
});

const askMark = z.object({ event: z.literal('mark'), stream_id: ours, mark: z.object({ name: markName }) });

const clear = z.object({ event: z.literal('clear'), stream_id: ours });

/** What MiniVoice sends, by the name of its event. */
export const STREAM_MESSAGES = {
  connected: {
    summary: 'The first message on every connection.',
    schema: connected,
    example: { event: 'connected', protocol: 'Call', version: '1.0.0' },
  },
  start: {
    summary: 'What the stream is; the second message on every connection.',
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
    summary: 'A frame of 20 ms, 160 bytes, of one track.',
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
    summary: 'What was sent before the mark of that name has been heard by the caller, or cleared.',
    schema: mark,
    example: { event: 'mark', sequence_number: '4', stream_id: 'str_123', mark: { name: 'greeting' } },
  },
  stop: {
    summary: 'The last message of the stream; MiniVoice then closes the connection.',
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

/** What the server may send on a bidirectional stream. */
export const STREAM_REQUESTS = {
  media: {
    summary:
      'Sound of any length for the caller to hear, after what is queued. What is more than 60 seconds ahead is not taken.',
    schema: playMedia,
    example: { event: 'media', stream_id: 'str_123', media: { payload: 'f39/fw==' } },
  },
  mark: {
    summary: 'Asks to be told, by a `mark` of the same name, when all that was sent before has been heard.',
    schema: askMark,
    example: { event: 'mark', stream_id: 'str_123', mark: { name: 'greeting' } },
  },
  clear: {
    summary: 'Drops what is queued; the marks that wait come back at once.',
    schema: clear,
    example: { event: 'clear', stream_id: 'str_123' },
  },
};

/** Any message that MiniVoice sends. */
export const streamMessage = z.discriminatedUnion('event', [connected, start, media, dtmf, mark, stop]);

/** Any message that the server may send. */
export const streamRequest = z.discriminatedUnion('event', [playMedia, askMark, clear]);

export type StreamMessage = z.output<typeof streamMessage>;
export type StreamRequest = z.output<typeof streamRequest>;
