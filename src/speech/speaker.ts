import type { AudioClip } from '../audio/index.ts';
import { type Clock, explain, type Log } from '../core/index.ts';
import { type Samples, SpeechCache } from './cache.ts';
import type { Engine, SpeechJob } from './engine.ts';
import { EspeakEngine } from './espeak/espeak-engine.ts';
import { FliteEngine } from './flite/flite-engine.ts';
import { sentences } from './sentences.ts';
import { isEnglish, type Voice, voicesWith } from './voices.ts';

export interface SpeechOptions {
  /** `rms` or `male` (default), `slt` or `female`; anything else is the default. */
  voice?: string | undefined;
  /** BCP 47. Default English; other languages need espeak-ng on the machine. */
  language?: string | undefined;
  /** The application, which may have its own speech server. */
  applicationId?: string | undefined;
  /** Customers take turns, and so do the calls of a customer. */
  customerId?: string | undefined;
  callId?: string | undefined;
  /** Nothing of the speech is stored. */
  isSensitive?: boolean;
}

/** Text to speech. */
export interface Speaker {
  /**
   * Yields one clip per sentence as soon as it is ready, while the next one is being made. Ends early, without an error,
   * when `signal` aborts. Throws `speech_failed` when a sentence cannot be spoken.
   */
  speak(text: string, options: SpeechOptions, signal?: AbortSignal): AsyncIterable<AudioClip>;
}

export interface SpeakerSettings {
  /** Folder of the cache of sentences; created if missing. */
  cacheDir: string;
  log: Log;
  clock: Clock;
  /** Bytes of speech kept on disk; default 500 MB. */
  cacheBytes?: number;
  /** Program for languages other than English; default `espeak-ng` in the PATH. */
  espeakProgram?: string;
}

const MB = 1024 * 1024;

/**
 * Creates the embedded speaker, which needs no network. `prune` measures and shortens the cache on disk; `warm` loads the
 * voices before the first sentence.
 */
export function createSpeaker(settings: SpeakerSettings): Speaker & {
  voices(): Promise<Voice[]>;
  prune(): Promise<void>;
  warm(): Promise<void>;
  close(): Promise<void>;
} {
  const { log, clock, espeakProgram } = settings;
  const flite = new FliteEngine({ log, clock });
  const espeak = new EspeakEngine(espeakProgram ? { clock, program: espeakProgram } : { clock });
  const cache = new SpeechCache({
    folder: settings.cacheDir,
    clock,
    diskBytes: settings.cacheBytes ?? 500 * MB,
    memoryBytes: 32 * MB,
  });
  const speaker = new CachingSpeaker(flite, espeak, cache, log);
  return {
    speak: (text, options, signal) => speaker.speak(text, options, signal),
    voices: async () => voicesWith(await espeak.languages()),
    prune: () =>
      cache.prune().catch((error) => {
        log.warn({ error: explain(error) }, 'could not shorten the speech cache on disk');
      }),
    warm: () => flite.warm(),
    close: async () => void (await Promise.all([flite.close(), espeak.close()])),
  };
}

/** Most languages without a voice that are logged: applications may send any number of invented ones. */
const MAX_LOGGED_LANGUAGES = 200;

class CachingSpeaker implements Speaker {
  #flite: FliteEngine;
  #espeak: EspeakEngine;
  #cache: SpeechCache;
  #log: Log;
  #loggedLanguages = new Set<string>();

  constructor(flite: FliteEngine, espeak: EspeakEngine, cache: SpeechCache, log: Log) {
    this.#flite = flite;
    this.#espeak = espeak;
    this.#cache = cache;
    this.#log = log;
  }

  async *speak(text: string, options: SpeechOptions, signal?: AbortSignal): AsyncGenerator<AudioClip> {
    if (signal?.aborted) return;
    const { engine, voice } = await this.#choose(options);
    const job = { tenant: options.customerId ?? '', lane: options.callId, signal };
    const make = (sentence: string | undefined) => {
      if (sentence === undefined) return undefined;
      const samples = options.isSensitive
        ? engine.synthesize(sentence, voice, job)
        : this.#cached(engine, voice, sentence, job);
      samples.catch(() => {});
      return samples;
    };
    const pieces = sentences(text);
    let next = make(pieces.shift());
    while (next && !signal?.aborted) {
      const samples = await unlessAborted(next, signal);
      if (!samples) return;
      next = make(pieces.shift());
      if (samples.length > 0) yield { samples };
    }
  }

  async #choose({ voice, language }: SpeechOptions): Promise<{ engine: Engine; voice: string }> {
    const english = voice === 'slt' || voice === 'female' ? 'slt' : 'rms';
    if (!language || isEnglish(language)) return { engine: this.#flite, voice: english };
    const foreign = await this.#espeak.voiceFor(language);
    if (foreign) return { engine: this.#espeak, voice: english === 'slt' ? `${foreign}+f3` : foreign };
    if (!this.#loggedLanguages.has(language) && this.#loggedLanguages.size < MAX_LOGGED_LANGUAGES) {
      this.#loggedLanguages.add(language);
      this.#log.warn(
        { language },
        'no voice for this language, using an English one: install espeak-ng for other languages',
      );
    }
    return { engine: this.#flite, voice: english };
  }

  /** Takes a sentence from the cache or synthesizes it, once for simultaneous requests. */
  async #cached(engine: Engine, voice: string, sentence: string, job: SpeechJob): Promise<Samples> {
    const key = SpeechCache.key([engine.version, voice, '8000', sentence]);
    const kept = await this.#cache.find(key);
    if (kept) return kept;
    const samples = await engine.synthesize(sentence, voice, { ...job, key });
    this.#cache.store(key, samples).catch((error) => {
      this.#log.warn({ error: String(error) }, 'could not write speech to the cache on disk');
    });
    return samples;
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
