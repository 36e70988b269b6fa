import { expect, it } from 'vitest';
import { STREAM_MESSAGES, STREAM_REQUESTS, streamMessage, streamRequest } from './streams.ts';

it.each(Object.entries(STREAM_MESSAGES))('has an example of %s that matches its schema', (event, message) => {
  expect(message.example.event).toBe(event);
  expect(streamMessage.parse(message.example)).toEqual(message.example);
});

it.each(Object.entries(STREAM_REQUESTS))(
  'has an example of the request %s that matches its schema',
  (event, message) => {
    expect(message.example.event).toBe(event);
    expect(streamRequest.parse(message.example)).toEqual(message.example);
  },
);

it.each([
  ['audio that is not base64', { event: 'media', media: { payload: 'a*b=' } }],
  ['a mark without a name', { event: 'mark', mark: {} }],
  ['a mark with a name that is too long', { event: 'mark', mark: { name: 'x'.repeat(257) } }],
  ['an event that only MiniVoice sends', { event: 'stop' }],
  ['a message that is not an object', null],
])('rejects from the server %s', (_, message) => {
  expect(streamRequest.safeParse(message).success).toBe(false);
});
