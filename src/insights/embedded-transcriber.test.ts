import { expect, test } from 'vitest';
import { aCall, aRecording } from '../storage/testing/records.ts';
import { EmbeddedTranscriber, silences } from './embedded-transcriber.ts';

test('what was paused is not heard on any channel, what is sensitive not from the caller', () => {
  expect(
    silences([
      { startMs: 1000, endMs: 2000, cause: 'pause' },
      { startMs: 5000, endMs: 6000, cause: 'sensitive' },
    ]),
  ).toEqual([
    { startMs: 1000, endMs: 2000 },
    { startMs: 5000, endMs: 6000, channel: 0 },
  ]);
});

test('what was skipped is not in the file, and what comes after it is that much earlier there', () => {
  expect(
    silences([
      { startMs: 1000, endMs: 4000, cause: 'skip' },
      { startMs: 6000, endMs: 7000, cause: 'pause' },
      { startMs: 8000, endMs: 9000, cause: 'skip' },
    ]),
  ).toEqual([{ startMs: 3000, endMs: 4000 }]);
});

test('a recording is transcribed for its customer, so that customers take turns', async () => {
  const asked: unknown[] = [];
  const transcriber = new EmbeddedTranscriber({
    engine: 'fake',
    async transcribe(...args) {
      asked.push(args);
      return { channels: 2, utterances: [{ channel: 1, text: 'Hello.', startMs: 0, endMs: 500 }] };
    },
    close: async () => {},
  });
  const recording = aRecording(aCall('call_1'));
  const { signal } = new AbortController();
  expect(await transcriber.transcribe(recording, '/a.wav', signal)).toMatchObject({
    segments: [{ speaker: 'agent', text: 'Hello.' }],
  });
  expect(asked).toEqual([['/a.wav', silences(recording.gaps), signal, recording.customerId]]);
});
