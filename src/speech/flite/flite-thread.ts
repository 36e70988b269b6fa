import { readWav, resample } from '../../audio/index.ts';
import { serveJobs } from '../../core/index.ts';
import { normalizeLoudness } from '../loudness.ts';
import { normalizeText } from '../text-normalizer.ts';
import { Flite, type FliteVoice } from './flite-program.ts';

/** A request to speak one sentence. */
export interface SpeechRequest {
  text: string;
  voice: FliteVoice;
}

/** A caller waits for the sentence, so its priority is only a little below signaling and playing sound. */
const NICE = 5;

const flite = await Flite.load();

serveJobs<SpeechRequest, Int16Array<SharedArrayBuffer>>(
  NICE,
  ({ text, voice }) => speech(text, voice),
  () => flite.prepare(),
);

function speech(text: string, voice: FliteVoice): Int16Array<SharedArrayBuffer> {
  const words = normalizeText(text);
  if (words === '') return new Int16Array(new SharedArrayBuffer(0));
  const { samples, sampleRate } = readWav(flite.speak(words, voice));
  return normalizeLoudness(resample(samples, sampleRate, 8000));
}
