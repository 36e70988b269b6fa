import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const startStream = defineAction({
  type: 'start_stream',
  summary: "Sends the call's live sound to a WebSocket and goes on at once.",
  notes: [
    'What is sent and may be sent back, and what becomes of a receiver that is slow or away: [asyncapi.json](asyncapi.json).',
    'A call has at most eight streams at a time. Where the same one runs already, that one goes on.',
  ],
  example: { stream_url: 'wss://example.com/media', track: 'inbound' },
  schema: z
    .strictObject({
      stream_url: documentUrl('wss', 'ws').describe(
        'The WebSocket that receives the sound, wss; absolute, or relative to the URL of the document.',
      ),
      track: z
        .enum(['inbound', 'outbound', 'both'])
        .default('inbound')
        .describe('`inbound`: what the caller says. `outbound`: what the caller hears.'),
      bidirectional: z
        .boolean()
        .default(false)
        .describe('What the WebSocket sends back is heard by the caller.'),
    })
    .transform(camelCased),
});
