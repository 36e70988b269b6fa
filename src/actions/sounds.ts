import type { AudioClip } from '../calls/index.ts';
import { type Clock, explain, Failure, FairQueue, type Job, type Log } from '../core/index.ts';
import { type HttpClient, type HttpResponse, requestFollowing } from '../net/index.ts';
import type { FetchedSound, SoundFiles } from './ports.ts';
import { freshnessOf, renewed, SoundCache, type StoredSound } from './sound-cache.ts';

export interface SoundsOptions {
  http: HttpClient;
  /** Decodes a sound file. @throws Failure `unsupported_sound`, `play_failed`. */
  decode(file: Buffer, job: Job): Promise<AudioClip>;
  /** The folder of decoded sounds; emptied at the start. */
  folder: string;
  /** Allows redirects from https to http. */
  allowPrivateUrls: boolean;
  /** The limit of decoded sounds on disk, in bytes; default 500 MB. */
  diskBytes?: number;
  clock: Clock;
  log: Log;
}

type Fetched = HttpResponse & { url: string };

interface Loaded {
  response: Fetched;
  /** Absent when the response has no new sound, or not all of it. */
  sound?: AudioClip;
}

const TIMEOUT_MS = 10_000;
const MAX_WAIT_MS = 60_000;
const MB = 1024 * 1024;
const MAX_BYTES = 25 * MB;
/** Most files are smaller than this. Many of these are fetched at a time, but only a few larger ones. */
const SMALL_BYTES = 2 * MB;
const SMALL = { concurrency: 128, concurrencyPerTenant: 32, maxWaitMs: MAX_WAIT_MS };
const LARGE = { concurrency: 6, concurrencyPerTenant: 2, maxWaitMs: MAX_WAIT_MS };

/** Fetches sound files of up to 25 MB within 10 s, decodes them, and caches them as HTTP allows. */
export function createSounds(options: SoundsOptions): SoundFiles {
  return new WebSounds(options);
}

class WebSounds implements SoundFiles {
  #options: SoundsOptions;
  #cache: SoundCache;
  #small: FairQueue;
  #large: FairQueue;

  constructor(options: SoundsOptions) {
    const { folder, clock, log, diskBytes = 500 * MB } = options;
    const failure = (why: string) => new Failure('play_failed', `could not fetch the file: ${why}`);
    this.#options = options;
    this.#cache = new SoundCache({ folder, log, memoryBytes: 64 * MB, diskBytes });
    this.#small = new FairQueue({ ...SMALL, clock, failure });
    this.#large = new FairQueue({ ...LARGE, clock, failure });
  }

  async fetch(
    url: string,
    { customerId, callId }: { customerId: string; callId: string },
    signal: AbortSignal,
  ): Promise<FetchedSound> {
    const now = this.#options.clock.monotonic();
    const cached = this.#cache.find(url);
    if (cached && cached.freshness.freshUntil > now) return cached.lease();
    const revalidating = cached?.lease();
    try {
      const sound = await this.#load(url, cached, { tenant: customerId, lane: callId, signal });
      return sound.lease();
    } finally {
      revalidating?.release();
    }
  }

  /** Fetches and decodes a sound once for all calls that request it at the same time. */
  async #load(url: string, cached: StoredSound | undefined, job: Job): Promise<StoredSound> {
    const key = JSON.stringify([url, cached?.freshness.validators]);
    // A job ends when the file is decoded, so the limit of jobs also limits the files in memory.
    const load = (queue: FairQueue, bytes: number) =>
      queue.run({ ...job, key }, async ({ signal }): Promise<Loaded> => {
        const response = await this.#get(url, cached, { bytes, tenant: job.tenant }, signal);
        if (response.status !== 200 || response.truncated) return { response };
        return { response, sound: await this.#options.decode(response.body, { ...job, signal }) };
      });
    const first = await load(this.#small, SMALL_BYTES);
    const { response, sound } = first.response.truncated ? await load(this.#large, MAX_BYTES) : first;
    const freshness = freshnessOf(response.headers, this.#options.clock.monotonic());
    if (response.status === 304 && cached)
      return Object.assign(cached, { freshness: renewed(cached.freshness, freshness) });
    if (!sound) throw new Failure('play_failed', `${url} is larger than 25 MB.`);
    return this.#cache.add(url, sound.samples, { url: response.url, freshness });
  }

  /** Requests the file. @returns a 200, or a 304 if the sound is cached. */
  async #get(
    url: string,
    cached: StoredSound | undefined,
    { bytes, tenant }: { bytes: number; tenant: string },
    signal: AbortSignal,
  ): Promise<Fetched> {
    const { http, clock, allowPrivateUrls } = this.#options;
    const request = {
      url,
      method: 'GET',
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: bytes,
      tenant,
      signal,
    } as const;
    const response = await requestFollowing(http, request, {
      clock,
      allowDowngrade: allowPrivateUrls,
      headersFor: (hop) => (hop === cached?.from ? cached.freshness.validators : {}),
    }).catch((cause) => {
      signal.throwIfAborted();
      throw new Failure('play_failed', `could not fetch ${url}: ${explain(cause)}`, { cause });
    });
    if (response.status === 200 || (response.status === 304 && cached)) return response;
    throw new Failure('play_failed', `${url} responded with ${response.status}.`);
  }
}
