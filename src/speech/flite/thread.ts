import { parentPort } from 'node:worker_threads';
import { readWav, resample } from '../../media/index.ts';
import { levelled } from '../levels.ts';
import { inWords } from '../wording.ts';
import { Flite, type FliteVoice } from './program.ts';

/** What the thread is asked, one sentence at a time. */
export interface Order {
  text: string;
  voice: FliteVoice;
}

/** `ready` once, then one answer for each order. */
export type Answer = { ready: true } | { samples: Int16Array<SharedArrayBuffer> } | { error: string };

const flite = await Flite.load();
// The first run is the slowest, for the code is still being compiled: nobody waits for this one.
speech('Hello.', 'rms');
flite.prepare();
const say = (answer: Answer) => parentPort!.postMessage(answer);

parentPort!.on('message', ({ text, voice }: Order) => {
  try {
    say({ samples: speech(text, voice) });
  } catch (error) {
    say({ error: String(error) });
  }
  flite.prepare();
});
say({ ready: true });

function speech(text: string, voice: FliteVoice): Int16Array<SharedArrayBuffer> {
  const words = inWords(text);
  if (words === '') return new Int16Array(new SharedArrayBuffer(0));
  const { samples, sampleRate } = readWav(flite.speak(words, voice));
  return levelled(resample(samples, sampleRate, 8000));
}
