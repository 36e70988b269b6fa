import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased, defineAction } from './define.ts';

export const startStream = defineAction({
  type: 'start_stream',
  summary: 'Streams the live audio of the call to a WebSocket; the next action runs at once.',
  notes: [
    'The messages of both sides, and what happens if the receiver is slow or unreachable: [asyncapi.json](asyncapi.json).',
    'A call can have up to eight streams at the same time. If the same stream is already running, it continues.',
  ],
  example: { stream_url: 'wss://example.com/media', track: 'inbound' },
  schema: z
    .strictObject({
      stream_url: documentUrl('wss', 'ws').describe(
        'The URL of the WebSocket server: wss, absolute or relative to the URL of the document.',
      ),
      track: z
        .enum(['inbound', 'outbound', 'both'])
        .default('inbound')
        .describe('`inbound`: what the caller says. `outbound`: what the caller hears.'),
      bidirectional: z
        .boolean()
        .default(false)
        .describe('The caller hears the audio that the WebSocket server sends back.'),
    })
    .transform(camelCased),
});

export const stopStream = defineAction({
  type: 'stop_stream',
  summary: 'Stops the matching streams. It is not an error if there are none.',
  example: { stream_url: 'wss://example.com/media' },
  schema: z
    .strictObject({
      stream_url: documentUrl('wss', 'ws')
        .optional()
        .describe('Stops only streams to this WebSocket. Default: all.'),
      track: z
        .enum(['inbound', 'outbound', 'both'])
        .optional()
        .describe('Stops only streams of this track. Default: all.'),
    })
    .transform(camelCased),
});
