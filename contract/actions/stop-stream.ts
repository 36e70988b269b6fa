import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const stopStream = defineAction({
  type: 'stop_stream',
  summary: 'Stops the streams that match; that none does is not an error.',
  example: { stream_url: 'wss://example.com/media' },
  schema: z
    .strictObject({
      stream_url: documentUrl('wss', 'ws')
        .optional()
        .describe('Only streams to this WebSocket. Default: all.'),
      track: z
        .enum(['inbound', 'outbound', 'both'])
        .optional()
        .describe('Only streams of this track. Default: all.'),
    })
    .transform(camelCased),
});
