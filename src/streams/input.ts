import { type StreamRequest, streamRequest } from '../../contract/streams.ts';
import type { AudioStream } from '../calls/index.ts';
import { type Clock, detach } from '../core/index.ts';

// Allows a burst of one minute of 20 ms frames, and ten times real time in the long run. An invalid message costs as
// much as fifty valid ones.
const LIMITS = { burst: 6000, perSecond: 600 };
const costOf = (bytes: number): number => 1 + bytes / 512;
const INVALID_COST = 50;

/** Handles the messages that the server sends on a stream. Invalid messages are counted and ignored. */
export class StreamInput {
  #streamId: string;
  #playback: Playback | undefined;
  #limiter: TokenBucket;
  #echo: (mark: string) => void;
  /** Messages that were invalid, exceeded the queue, or came on a stream that is not bidirectional. */
  ignored = 0;

  /**
   * @param playback undefined when the stream is not bidirectional.
   * @param deps.echo called when everything before a mark was heard or dropped.
   */
  constructor(
    streamId: string,
    playback: Playback | undefined,
    deps: { clock: Clock; echo: (mark: string) => void },
  ) {
    this.#streamId = streamId;
    this.#playback = playback;
    this.#limiter = new TokenBucket(deps.clock, LIMITS);
    this.#echo = deps.echo;
  }

  /** Handles a message. @returns false when the server exceeds the rate limit. */
  take(kind: 'text' | 'binary' | 'ping', data: Buffer): boolean {
    if (!this.#limiter.take(costOf(data.length))) return false;
    if (kind === 'ping') return true;
    const request =
      this.#playback && kind === 'text' ? readRequest(data.toString(), this.#streamId) : undefined;
    if (request && this.#perform(request, this.#playback!)) return true;
    this.ignored++;
    return !this.#playback || request !== undefined || this.#limiter.take(INVALID_COST);
  }

  #perform(request: StreamRequest, playback: Playback): boolean {
    switch (request.event) {
      case 'media':
        return playback.play(Buffer.from(request.media.payload, 'base64'));
      case 'mark':
        return playback.mark(() => this.#echo(request.mark.name));
      case 'clear':
        playback.clear();
        return true;
    }
  }
}

/** Parses a message; undefined when it is invalid or names another stream. */
function readRequest(text: string, streamId: string): StreamRequest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = streamRequest.safeParse(json);
  return data && (data.stream_id ?? streamId) === streamId ? data : undefined;
}

/** Audio that may be queued ahead of what the caller hears, in milliseconds. */
const MAX_QUEUED_MS = 60_000;
const MAX_MARKS = 256;
const BYTES_PER_MS = 8;

/**
 * Plays the server's audio to the caller. Audio that exceeds one minute in the queue is not taken, so the caller hears
 * the beginning without gaps and misses the end.
 */
export class Playback {
  #sound: AudioStream;
  #clock: Clock;
  /** When the end of the queue will have been heard, on the monotonic clock. */
  #heardAt = 0;
  #marks = 0;

  constructor(sound: AudioStream, clock: Clock) {
    this.#sound = sound;
    this.#clock = clock;
  }

  /** Plays audio. @returns whether it was queued. */
  play(payload: Uint8Array): boolean {
    const now = this.#clock.monotonic();
    const heardAt = Math.max(now, this.#heardAt) + payload.length / BYTES_PER_MS;
    if (heardAt - now > MAX_QUEUED_MS) return false;
    this.#heardAt = heardAt;
    if (payload.length > 0) this.#sound.play(payload);
    return true;
  }

  /** Calls back when everything queued so far was heard or dropped. @returns whether the mark was queued. */
  mark(reached: () => void): boolean {
    if (this.#marks >= MAX_MARKS) return false;
    this.#marks++;
    detach(
      'streams.playback',
      this.#sound.drained().then(() => {
        this.#marks--;
        reached();
      }),
    );
    return true;
  }

  clear(): void {
    this.#heardAt = 0;
    this.#sound.clear();
  }
}

/** A token bucket: allows a burst, and a rate in the long run. */
class TokenBucket {
  #clock: Clock;
  #burst: number;
  #perSecond: number;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, limits: { burst: number; perSecond: number }) {
    this.#clock = clock;
    this.#burst = limits.burst;
    this.#perSecond = limits.perSecond;
    this.#tokens = limits.burst;
    this.#filledAt = clock.monotonic();
  }

  /** Takes tokens. @returns whether there were enough; if not, none is taken. */
  take(cost: number): boolean {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#filledAt) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
    if (cost > this.#tokens) return false;
    this.#tokens -= cost;
    return true;
  }
}
