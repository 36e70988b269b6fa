import type { z } from 'zod';
import { wireSchema } from '../../contract/json-schema.ts';
import { STREAM_MESSAGES, STREAM_REQUESTS } from '../../contract/streams.ts';

interface Message {
  summary: string;
  schema: z.ZodType;
  example: object;
}

const DESCRIPTION = `MiniVoice opens a WebSocket to the \`stream_url\` of a \`start_stream\` action and sends the live audio of the call in
text frames of JSON. The handshake has the headers \`X-MiniVoice-Timestamp\` (Unix time in seconds) and
\`X-MiniVoice-Signature: v1=<hex>\`: the HMAC-SHA256, with the \`webhook_secret\` of the application, of the timestamp, a dot, and the
URL of the stream as the action has it.

A receiver never delays the call. If it is slow or unreachable, MiniVoice buffers five seconds of audio and then drops the oldest;
\`chunk\` shows the gap. After a connection breaks, MiniVoice reconnects up to three times, after 0.5, 1 and 2 seconds; a connection that
lasts one minute resets the count. To end the stream, the receiver closes the connection with 1000. Messages of the server have at
most 64 KiB; invalid messages are counted and ignored, and too many messages end the stream.`;

const HEADERS = {
  type: 'object',
  properties: {
    'X-MiniVoice-Timestamp': { type: 'string', description: 'Unix time in seconds.' },
    'X-MiniVoice-Signature': {
      type: 'string',
      description: 'One `v1=` value for each active secret, separated by commas.',
    },
  },
};

/** The messages of live streams as an AsyncAPI 3 document, from the point of view of MiniVoice. */
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
        summary: 'The messages that MiniVoice sends.',
        messages: references('#/channels/stream/messages', Object.keys(sent)),
      },
      receive: {
        action: 'receive',
        channel: { $ref: '#/channels/stream' },
        summary: 'The messages that the server may send on a bidirectional stream.',
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
