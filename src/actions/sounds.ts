import type { AudioClip } from '../calls/index.ts';
import { type Clock, explain, Failure, FairQueue, type Job, type Log } from '../core/index.ts';
import { type HttpAnswer, type HttpClient, requestFollowing } from '../net/index.ts';
import { freshnessOf } from './freshness.ts';
import type { FetchedSound, Sounds } from './ports.ts';
import { SoundCache, type StoredSound } from './sound-cache.ts';

export interface SoundsOptions {
  http: HttpClient;
  /** Makes sound of a whole file. Fails with `unsupported_sound`, `play_failed`. */
  decode(file: Buffer, job: Job): Promise<AudioClip>;
  /** For decoded sounds; emptied at the start. */
  folder: string;
  /** Lets a redirect lead from https to http. */
  allowPrivateUrls: boolean;
  /** Octets of decoded sounds on disk; default 500 MB. */
  diskBytes?: number;
  clock: Clock;
  log: Log;
}

type Fetched = HttpAnswer & { url: string };

interface Loaded {
  answer: Fetched;
  /** Absent where nothing new was sent, or not all of it. */
  sound?: AudioClip;
}

const TIMEOUT_MS = 10_000;
const MAX_WAIT_MS = 60_000;
const MB = 1024 * 1024;
const MOST_BYTES = 25 * MB;
/** Most files are smaller than this, and many are fetched at the same time. Of larger ones there are few at a time. */
const SMALL_BYTES = 2 * MB;
const SMALL = { atOnce: 128, atOncePerTenant: 32, maxWaitMs: MAX_WAIT_MS };
const LARGE = { atOnce: 6, atOncePerTenant: 2, maxWaitMs: MAX_WAIT_MS };

/** Fetches sound files of the web, up to 25 MB in 10 s each, turns them into sound, and keeps that as HTTP allows. */
export function createSounds(options: SoundsOptions): Sounds {
  return new WebSounds(options);
}

class WebSounds implements Sounds {
  #options: SoundsOptions;
  #cache: SoundCache;
  #small: FairQueue;
  #large: FairQueue;

  constructor(options: SoundsOptions) {
    const { folder, clock, log, diskBytes = 500 * MB } = options;
    const failure = (why: string) => new Failure('play_failed', `the file could not be fetched: ${why}`);
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
    const kept = this.#cache.find(url);
    if (kept && kept.freshness.freshUntil > now) return kept.lease();
    const revalidating = kept?.lease();
    try {
      const sound = await this.#load(url, kept, { tenant: customerId, lane: callId, signal });
      return sound.lease();
    } finally {
      revalidating?.release();
    }
  }

  /** Once for all calls that ask for the same at the same time. */
  async #load(url: string, kept: StoredSound | undefined, job: Job): Promise<StoredSound> {
    const key = JSON.stringify([url, kept?.freshness.validators]);
    // The place is kept until the file is decoded, so that no more files than there are places are in memory.
    const load = (queue: FairQueue, bytes: number) =>
      queue.run({ ...job, key }, async (signal): Promise<Loaded> => {
        const answer = await this.#get(url, kept, { bytes, tenant: job.tenant }, signal);
        if (answer.status !== 200 || answer.truncated) return { answer };
        return { answer, sound: await this.#options.decode(answer.body, { ...job, signal }) };
      });
    const first = await load(this.#small, SMALL_BYTES);
    const { answer, sound } = first.answer.truncated ? await load(this.#large, MOST_BYTES) : first;
    const freshness = freshnessOf(answer.headers, this.#options.clock.monotonic());
    if (answer.status === 304 && kept) return Object.assign(kept, { freshness: renewed(kept, freshness) });
    if (!sound) throw new Failure('play_failed', `${url} is larger than 25 MB.`);
    return this.#cache.keep(url, sound.samples, { url: answer.url, freshness });
  }

  /** A 200, or a 304 where something is kept. */
  async #get(
    url: string,
    kept: StoredSound | undefined,
    { bytes, tenant }: { bytes: number; tenant: string },
    signal: AbortSignal,
  ): Promise<Fetched> {
    const { http, clock, allowPrivateUrls } = this.#options;
    const request = {
      url,
      method: 'GET',
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: bytes,
      tenant,
      signal,
    } as const;
    const answer = await requestFollowing(http, request, {
      clock,
      allowDowngrade: allowPrivateUrls,
      headersFor: (hop) => (hop === kept?.from ? kept.freshness.validators : {}),
    }).catch((cause) => {
      signal.throwIfAborted();
      throw new Failure('play_failed', `${url} could not be fetched: ${explain(cause)}`, { cause });
    });
    if (answer.status === 200 || (answer.status === 304 && kept)) return answer;
    throw new Failure('play_failed', `${url} answered ${answer.status}.`);
  }
}

/** RFC 9111 §4.3.4: what a 304 does not say anew stays as it was. */
function renewed(kept: StoredSound, { freshUntil, validators }: ReturnType<typeof freshnessOf>) {
  return { ...kept.freshness, freshUntil, validators: { ...kept.freshness.validators, ...validators } };
}
