import type { z } from 'zod';
import { wireSchema } from '../../contract/json-schema.ts';
import { STREAM_MESSAGES, STREAM_REQUESTS } from '../../contract/streams.ts';

interface Message {
  summary: string;
  schema: z.ZodType;
  example: object;
}

const DESCRIPTION = `MiniVoice opens a WebSocket to the \`stream_url\` of a \`start_stream\` action and sends the call's live sound in text
frames of JSON. The handshake carries \`X-MiniVoice-Timestamp\` (Unix seconds) and \`X-MiniVoice-Signature: v1=<hex>\`, the
HMAC-SHA256, under the application's \`webhook_secret\`, of the timestamp, a dot, and the stream's URL as the action gave it.

A receiver never delays the call. Five seconds wait for one that is slow or away; then the oldest sound is dropped, and
\`chunk\` shows the gap. A connection that breaks is tried again three times, after 0.5, 1 and 2 seconds; one that has lasted a
minute earns the three anew. A receiver that wants no more closes with 1000, and the stream ends. Messages of the server
have at most 64 KiB; what makes no sense is counted and ignored, and a flood ends the stream.`;

const HEADERS = {
  type: 'object',
  properties: {
    'X-MiniVoice-Timestamp': { type: 'string', description: 'Unix seconds.' },
    'X-MiniVoice-Signature': {
      type: 'string',
      description: 'One `v1=` value for each live secret, separated by commas.',
    },
  },
};

/** The messages of live streams as AsyncAPI 3, seen from MiniVoice: it sends the one and receives the other. */
export function streamsReference(): object {
  const sent = named('', STREAM_MESSAGES);
  const received = named('server_', STREAM_REQUESTS);
  const references = (base: string, names: string[]) => names.map((name) => ({ $ref: `${base}/${name}` }));
  const all = { ...sent, ...received };
  return {
    asyncapi: '3.0.0',
    info: { title: 'MiniVoice live streams', version: '1', description: DESCRIPTION },
    defaultContentType: 'application/json',
    channels: {
      stream: {
        address: null,
        description: 'The WebSocket at `stream_url`.',
        messages: Object.fromEntries(
          Object.keys(all).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', headers: HEADERS, bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      send: {
        action: 'send',
        channel: { $ref: '#/channels/stream' },
        summary: 'What MiniVoice sends.',
        messages: references('#/channels/stream/messages', Object.keys(sent)),
      },
      receive: {
        action: 'receive',
        channel: { $ref: '#/channels/stream' },
        summary: 'What the server may send, where the stream is bidirectional.',
        messages: references('#/channels/stream/messages', Object.keys(received)),
      },
    },
    components: { messages: all },
  };
}

function named(prefix: string, messages: Record<string, Message>): Record<string, object> {
  const entries = Object.entries(messages).map(([event, { summary, schema, example }]) => [
    prefix + event,
    { name: event, summary, payload: wireSchema(schema), examples: [{ payload: example }] },
  ]);
  return Object.fromEntries(entries);
}
