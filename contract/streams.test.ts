import { expect, it } from 'vitest';
import { STREAM_MESSAGES, STREAM_REQUESTS, streamMessage, streamRequest } from './streams.ts';

it.each(Object.entries(STREAM_MESSAGES))(
  'shows an example of %s that follows its own schema',
  (event, message) => {
    expect(message.example.event).toBe(event);
    expect(streamMessage.parse(message.example)).toEqual(message.example);
  },
);

it.each(Object.entries(STREAM_REQUESTS))(
  'shows a request of %s that follows its own schema',
  (event, message) => {
    expect(message.example.event).toBe(event);
    expect(streamRequest.parse(message.example)).toEqual(message.example);
  },
);

it.each([
  ['sound that is not base64', { event: 'media', media: { payload: 'a*b=' } }],
  ['a mark without a name', { event: 'mark', mark: {} }],
  ['a mark whose name has no end', { event: 'mark', mark: { name: 'x'.repeat(257) } }],
  ['an event that only MiniVoice sends', { event: 'stop' }],
  ['no object at all', null],
])('takes from the server no %s', (_, message) => {
  expect(streamRequest.safeParse(message).success).toBe(false);
});
