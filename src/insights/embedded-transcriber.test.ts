import { expect, test } from 'vitest';
import { aCall, aRecording } from '../storage/testing/records.ts';
import { EmbeddedTranscriber, mutedRanges } from './embedded-transcriber.ts';

test('mutes all channels in a pause and the caller in a sensitive gap', () => {
  expect(
    mutedRanges([
      { startMs: 1000, endMs: 2000, cause: 'pause' },
      { startMs: 5000, endMs: 6000, cause: 'sensitive' },
    ]),
  ).toEqual([
    { startMs: 1000, endMs: 2000 },
    { startMs: 5000, endMs: 6000, channel: 0 },
  ]);
});

test('moves ranges forward by skipped time, which is not in the file', () => {
  expect(
    mutedRanges([
      { startMs: 1000, endMs: 4000, cause: 'skip' },
      { startMs: 6000, endMs: 7000, cause: 'pause' },
      { startMs: 8000, endMs: 9000, cause: 'skip' },
    ]),
  ).toEqual([{ startMs: 3000, endMs: 4000 }]);
});

test('transcribes for the customer of the recording', async () => {
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
  expect(asked).toEqual([['/a.wav', mutedRanges(recording.gaps), signal, recording.customerId]]);
});
