import sherpa, { type OfflineRecognizer, type Vad } from 'sherpa-onnx-node';
import { Resampler } from '../../audio/index.ts';
import type { ModelFiles } from './models.ts';
import { splitAtQuiet } from './split.ts';

/** Sample rate of the model and of the voice detector. */
const RATE = 16_000;
/** Samples that the voice detector takes at a time. */
const WINDOW = 512;
/** Longest piece in samples. The model takes more, but its memory grows with it: 12 s keep it below 500 MB. */
const LONGEST = 12 * RATE;
/** Samples before a detected voice that belong to its first word: the detector reacts late. */
const LEAD = 0.25 * RATE;
/** Samples after a detected voice that belong to its last word. */
const TRAIL = 0.1 * RATE;
/** Samples kept: the longest piece, the margin of the detector, and the silence after it. */
const KEPT = 40 * RATE;

/**
 * Silence before and after a piece, in milliseconds, tried in order until the model returns text. Without padding one piece
 * in twenty gives no text; with the first padding, one in some hundreds.
 */
const PADDINGS = [
  [300, 300],
  [500, 0],
  [800, 400],
] as const;

/** A piece of recognized speech; times are milliseconds from the start of the file. */
export interface Utterance {
  text: string;
  startMs: number;
  endMs: number;
}

/** The Moonshine model in sherpa-onnx. Runs on the calling thread. */
export class Moonshine {
  #recognizer: OfflineRecognizer;
  #vadModel: string;

  constructor({ encoder, decoder, tokens, vad }: ModelFiles) {
    this.#recognizer = new sherpa.OfflineRecognizer({
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

  /** Recognizes a piece of 16 kHz sound. @returns its text; empty if there are no words. */
  recognize(samples: Float32Array): string {
    for (const [before, after] of PADDINGS) {
      const stream = this.#recognizer.createStream();
      stream.acceptWaveform({ samples: padded(samples, before, after), sampleRate: RATE });
      this.#recognizer.decode(stream);
      const text = this.#recognizer.getResult(stream).text.trim();
      if (/\p{L}|\p{N}/u.test(text)) return text;
    }
    return '';
  }

  /** Opens a decoder for one channel of a recording. */
  openChannel(sampleRate: number): ChannelDecoder {
    return new ChannelDecoder(this, this.#vadModel, sampleRate);
  }
}

/** Recognizes the speech of one channel, from start to end. */
export class ChannelDecoder {
  #moonshine: Moonshine;
  #resampler: Resampler;
  #vad: Vad;
  /** The last samples received, in a ring: sample n is at n modulo its length. */
  #ring = new Float32Array(KEPT);
  #received = 0;
  /** Samples given to the voice detector, which takes whole windows. */
  #detected = 0;
  /** End of the last piece, in samples. */
  #pieceEnd = 0;

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

  /** Takes the next samples. @returns utterances that have ended. */
  *push(samples: Int16Array): Generator<Utterance> {
    const out = new Int16Array(this.#resampler.maxOutput(samples.length));
    yield* this.#detect(out.subarray(0, this.#resampler.push(samples, out)));
  }

  /** Ends the channel. @returns the remaining utterances. */
  *end(): Generator<Utterance> {
    const out = new Int16Array(this.#resampler.maxOutput(0));
    yield* this.#detect(out.subarray(0, this.#resampler.flush(out)));
    this.#vad.flush();
    yield* this.#finished();
  }

  *#detect(samples: Int16Array): Generator<Utterance> {
    const window = new Float32Array(WINDOW);
    for (const sample of samples) {
      this.#ring[this.#received++ % KEPT] = sample / 32_768;
      if (this.#received - this.#detected < WINDOW) continue;
      this.#copy(this.#detected, window);
      this.#detected = this.#received;
      this.#vad.acceptWaveform(window);
      yield* this.#finished();
    }
  }

  *#finished(): Generator<Utterance> {
    while (!this.#vad.isEmpty()) {
      const { start, samples } = this.#vad.front(false);
      this.#vad.pop();
      const from = Math.max(this.#pieceEnd, start - LEAD, this.#received - KEPT);
      const to = Math.min(this.#received, start + samples.length + TRAIL);
      this.#pieceEnd = to;
      const sound = new Float32Array(to - from);
      this.#copy(from, sound);
      yield* this.#recognize(from, sound);
    }
  }

  *#recognize(from: number, sound: Float32Array): Generator<Utterance> {
    for (const { start, samples } of splitAtQuiet(sound, LONGEST, RATE / 10)) {
      const text = this.#moonshine.recognize(samples);
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
