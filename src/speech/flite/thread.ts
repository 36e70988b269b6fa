import { readWav, resample } from '../../audio/index.ts';
import { serveJobs } from '../../core/index.ts';
import { levelled } from '../levels.ts';
import { inWords } from '../wording.ts';
import { Flite, type FliteVoice } from './program.ts';

/** What the thread is asked, one sentence at a time. */
export interface Order {
  text: string;
  voice: FliteVoice;
}

/** A caller waits for it, so it gives way a little: to signaling and to sound that is already playing. */
const NICE = 5;

const flite = await Flite.load();
// The first run is the slowest, for the code is still being compiled: nobody waits for this one.
speech('Hello.', 'rms');
flite.prepare();

serveJobs<Order, Int16Array<SharedArrayBuffer>>(
  NICE,
  ({ text, voice }) => speech(text, voice),
  () => flite.prepare(),
);

function speech(text: string, voice: FliteVoice): Int16Array<SharedArrayBuffer> {
  const words = inWords(text);
  if (words === '') return new Int16Array(new SharedArrayBuffer(0));
  const { samples, sampleRate } = readWav(flite.speak(words, voice));
  return levelled(resample(samples, sampleRate, 8000));
}
