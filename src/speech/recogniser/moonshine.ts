import sherpa, { type OfflineRecognizer, type Vad } from 'sherpa-onnx-node';
import { Resampler } from '../../audio/index.ts';
import { cutAtQuiet } from './cuts.ts';
import type { ModelFiles } from './models.ts';

/** Samples a second, of the model and of the voice detector. */
const RATE = 16_000;
/** What the voice detector looks at in one go. */
const WINDOW = 512;
/** The model takes more, but its memory grows with the longest piece: 12 s keep it below 500 MB. */
const LONGEST = 12 * RATE;
/** The voice detector notices a voice late: this much of what came before belongs to its first word. */
const LEAD = 0.25 * RATE;
/** And this much after it, to its last. */
const TRAIL = 0.1 * RATE;
/** So much of the sound is kept: the longest piece, what the detector adds to it, and the silence after. */
const KEPT = 40 * RATE;

/**
 * Silence before and after a piece, in milliseconds, one after the other until there is an answer. With none at
 * all one piece in twenty comes back empty; with the first, one in some hundreds.
 */
const PADDINGS = [
  [300, 300],
  [500, 0],
  [800, 400],
] as const;

/** Something that was said: what and when, in milliseconds from the beginning. */
export interface Utterance {
  text: string;
  startMs: number;
  endMs: number;
}

/** Moonshine through sherpa-onnx, on the thread that calls it: one thread for each decoding. */
export class Moonshine {
  #recogniser: OfflineRecognizer;
  #vadModel: string;

  constructor({ encoder, decoder, tokens, vad }: ModelFiles) {
    this.#recogniser = new sherpa.OfflineRecognizer({
      featConfig: { sampleRate: RATE, featureDim: 80 },
      modelConfig: {
        moonshine: { encoder, mergedDecoder: decoder },
        tokens,
        numThreads: 1,
        provider: 'cpu',
      },
    });
    this.#vadModel = vad;
  }

  /** What is said in a piece of 16 kHz sound; empty where there are no words. */
  read(samples: Float32Array): string {
    for (const [before, after] of PADDINGS) {
      const stream = this.#recogniser.createStream();
      stream.acceptWaveform({ samples: padded(samples, before, after), sampleRate: RATE });
      this.#recogniser.decode(stream);
      const text = this.#recogniser.getResult(stream).text.trim();
      if (/\p{L}|\p{N}/u.test(text)) return text;
    }
    return '';
  }

  /** An ear for one channel of a recording. */
  listen(sampleRate: number): Ear {
    return new Ear(this, this.#vadModel, sampleRate);
  }
}

/** Hears one channel from its beginning to its end. */
export class Ear {
  #moonshine: Moonshine;
  #resampler: Resampler;
  #vad: Vad;
  /** The last samples that came, in a ring; sample n lies at n modulo its length. */
  #ring = new Float32Array(KEPT);
  #came = 0;
  /** How many of them the voice detector has seen: it takes whole windows. */
  #seen = 0;
  /** Where the last piece ended. */
  #told = 0;

  constructor(moonshine: Moonshine, vadModel: string, sampleRate: number) {
    this.#moonshine = moonshine;
    this.#resampler = new Resampler(sampleRate, RATE);
    this.#vad = new sherpa.Vad(
      {
        sileroVad: {
          model: vadModel,
          threshold: 0.5,
          minSpeechDuration: 0.15,
          minSilenceDuration: 0.5,
          maxSpeechDuration: 12,
          windowSize: WINDOW,
        },
        sampleRate: RATE,
        numThreads: 1,
      },
      60,
    );
  }

  /** Takes what comes next. @returns what was said and is over by now. */
  *hear(samples: Int16Array): Generator<Utterance> {
    const out = new Int16Array(this.#resampler.room(samples.length));
    yield* this.#detect(out.subarray(0, this.#resampler.push(samples, out)));
  }

  /** No more comes. @returns what was being said. */
  *end(): Generator<Utterance> {
    const out = new Int16Array(this.#resampler.room(0));
    yield* this.#detect(out.subarray(0, this.#resampler.flush(out)));
    this.#vad.flush();
    yield* this.#finished();
  }

  *#detect(samples: Int16Array): Generator<Utterance> {
    const window = new Float32Array(WINDOW);
    for (const sample of samples) {
      this.#ring[this.#came++ % KEPT] = sample / 32_768;
      if (this.#came - this.#seen < WINDOW) continue;
      this.#copy(this.#seen, window);
      this.#seen = this.#came;
      this.#vad.acceptWaveform(window);
      yield* this.#finished();
    }
  }

  *#finished(): Generator<Utterance> {
    while (!this.#vad.isEmpty()) {
      const { start, samples } = this.#vad.front(false);
      this.#vad.pop();
      const from = Math.max(this.#told, start - LEAD, this.#came - KEPT);
      const to = Math.min(this.#came, start + samples.length + TRAIL);
      this.#told = to;
      const sound = new Float32Array(to - from);
      this.#copy(from, sound);
      yield* this.#read(from, sound);
    }
  }

  *#read(from: number, sound: Float32Array): Generator<Utterance> {
    for (const { start, samples } of cutAtQuiet(sound, LONGEST, RATE / 10)) {
      const text = this.#moonshine.read(samples);
      const at = from + start;
      if (text) yield { text, startMs: toMs(at), endMs: toMs(at + samples.length) };
    }
  }

  #copy(from: number, to: Float32Array): void {
    for (let i = 0; i < to.length; i++) to[i] = this.#ring[(from + i) % KEPT]!;
  }
}

const toMs = (samples: number): number => Math.round((samples * 1000) / RATE);

function padded(samples: Float32Array, beforeMs: number, afterMs: number): Float32Array {
  const before = (beforeMs * RATE) / 1000;
  const out = new Float32Array(before + samples.length + (afterMs * RATE) / 1000);
  out.set(samples, before);
  return out;
}
