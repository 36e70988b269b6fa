import { Playback, StreamInput } from '../../../src/streams/input.ts';
import { FakeAudioStream } from '../../../src/streams/testing/fake-audio-stream.ts';
import type { Chance } from '../chance.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';

/** The server's side of a bidirectional stream: what it says is played, or counted; too much of it is a flood. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const sound = new FakeAudioStream(clock);
  const streamInput = new StreamInput('str_1', new Playback(sound, clock), { clock, echo: () => {} });
  return {
    take(input) {
      const { ignored } = streamInput;
      // Slow enough that most is looked at: a flood is refused unseen.
      clock.run(100);
      streamInput.take('text', input);
      sound.played.length = 0;
      return streamInput.ignored > ignored ? 'refused' : 'taken';
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

function write(chance: Chance): Buffer {
  const event = chance.pick(['media', 'mark', 'clear', 'start', '__proto__', 7]);
  const value = () =>
    chance.pick([payload, '', 'A', '====', 'é', null, 5, [], {}, 'x'.repeat(chance.int(3000))]);
  const message = {
    event,
    ...(chance.once(3) ? { stream_id: chance.pick(['str_1', 'str_2', 0]) } : {}),
    ...(chance.once(2) ? { media: { payload: value() } } : {}),
    ...(chance.once(2) ? { mark: { name: value() } } : {}),
  };
  return Buffer.from(JSON.stringify(message));
}

/** The messages that a receiver of a stream may send. */
export const streamMessages: Target = { name: 'stream-messages', share: 20, corpus, write, open };
