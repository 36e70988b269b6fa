// The recogniser's own process. Native code may end it at any time: whoever has started it starts another.
import { explain } from '../../core/index.ts';
import { findModel, type ModelName } from './models.ts';
import { type Ear, Moonshine, type Utterance } from './moonshine.ts';
import { readSound, type Stretch } from './sound-file.ts';

/** What the process is asked: one file after the other. */
export interface Order {
  path: string;
  /** Stretches that must not be heard, in milliseconds. */
  silent: Silence[];
}

/** A stretch of a file, of one channel or of all, in milliseconds of its sound. */
export interface Silence {
  startMs: number;
  endMs: number;
  channel?: number;
}

/**
 * `ready` once; then for each order its utterances as they are found, now and then how far it has come, and one
 * `done` or `error`.
 */
export type Report =
  | 'ready'
  | { channel: number; utterance: Utterance }
  | { heardMs: number }
  | { done: { channels: number } }
  | { error: string };

/** A sign of life after so many stretches: some two minutes of sound. */
const SIGN_OF_LIFE = 64;

const [model, folder] = process.argv.slice(2) as [ModelName, string];
const say = (report: Report) => process.send!(report);
const moonshine = new Moonshine(await findModel(model, folder));

process.on('message', (order: Order) => {
  transcribe(order).then(
    (channels) => say({ done: { channels } }),
    (error) => say({ error: explain(error) }),
  );
});
// Whoever has started it is gone, and nobody will read an answer.
process.on('disconnect', () => process.exit());
say('ready');

/** @returns how many channels the file has. */
async function transcribe({ path, silent }: Order): Promise<number> {
  let ears: Ear[] = [];
  let heard = 0;
  let stretches = 0;
  for await (const stretch of readSound(path)) {
    if (ears.length === 0) ears = stretch.channels.map(() => moonshine.listen(stretch.sampleRate));
    hush(stretch, heard, silent);
    heard += stretch.channels[0]!.length;
    stretch.channels.forEach((samples, channel) => {
      for (const utterance of ears[channel]!.hear(samples)) say({ channel, utterance });
    });
    if (++stretches % SIGN_OF_LIFE === 0) say({ heardMs: Math.round((heard * 1000) / stretch.sampleRate) });
  }
  ears.forEach((ear, channel) => {
    for (const utterance of ear.end()) say({ channel, utterance });
  });
  return ears.length;
}

/** Makes sure that what was kept out of the recording is not heard, whatever the file holds there. */
function hush({ channels, sampleRate }: Stretch, from: number, silent: Order['silent']): void {
  const place = (ms: number) => Math.max(0, Math.round((ms * sampleRate) / 1000) - from);
  for (const { startMs, endMs, channel } of silent) {
    const hushed = channel === undefined ? channels : [channels[channel]];
    for (const samples of hushed) samples?.fill(0, place(startMs), place(endMs));
  }
}
