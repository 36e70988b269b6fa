import { Playback, StreamInput } from '../../../src/streams/input.ts';
import { FakeAudioStream } from '../../../src/streams/testing/fake-audio-stream.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';

/** Messages of the receiver of a bidirectional stream: played, or counted as ignored. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const sound = new FakeAudioStream(clock);
  const streamInput = new StreamInput('str_1', new Playback(sound, clock), { clock, echo: () => {} });
  return {
    process(input) {
      const { ignored } = streamInput;
      // Slow enough for the rate limit, which would refuse a flood without parsing it.
      clock.run(100);
      streamInput.take('text', input);
      sound.played.length = 0;
      return streamInput.ignored > ignored ? 'refused' : 'accepted';
    },
    async settle() {
      clock.run(120_000);
      await new Promise(setImmediate);
      return clock.pending > 0 ? [`${clock.pending} timers`] : [];
    },
    async close() {},
  };
}

const payload = Buffer.alloc(160, 0xff).toString('base64');
const corpus = [
  { event: 'media', media: { payload } },
  { event: 'media', stream_id: 'str_1', media: { payload } },
  { event: 'mark', mark: { name: 'end' } },
  { event: 'clear' },
].map((message) => Buffer.from(JSON.stringify(message)));

function generate(random: RandomChoice): Buffer {
  const event = random.pick(['media', 'mark', 'clear', 'start', '__proto__', 7]);
  const value = () =>
    random.pick([payload, '', 'A', '====', 'é', null, 5, [], {}, 'x'.repeat(random.int(3000))]);
  const message = {
    event,
    ...(random.once(3) ? { stream_id: random.pick(['str_1', 'str_2', 0]) } : {}),
    ...(random.once(2) ? { media: { payload: value() } } : {}),
    ...(random.once(2) ? { mark: { name: value() } } : {}),
  };
  return Buffer.from(JSON.stringify(message));
}

/** Messages that the receiver of a stream sends. */
export const streamMessages: Target = { name: 'stream-messages', share: 20, corpus, generate, open };
