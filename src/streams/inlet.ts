import { type StreamRequest, streamRequest } from '../../contract/streams.ts';
import type { Clock } from '../core/index.ts';
import { Allowance } from './allowance.ts';
import type { Playback } from './playback.ts';

// A minute of sound may come at once, in frames of 20 ms, and ten times real time for ever. A message that makes
// no sense costs as much as fifty that do.
const TAKEN = { burst: 6000, perSecond: 600 };
const costOf = (bytes: number): number => 1 + bytes / 512;
const NONSENSE_COST = 50;

/** What becomes of what the server sends: it is played, or it is counted and passed over. */
export class Inlet {
  #streamId: string;
  #playback: Playback | undefined;
  #allowance: Allowance;
  #echo: (mark: string) => void;
  /** Messages that made no sense, or that there was no room for, or that nobody had asked for. */
  ignored = 0;

  /**
   * @param playback undefined where the stream goes one way.
   * @param echo called when what came before the mark has been heard or dropped.
   */
  constructor(
    streamId: string,
    playback: Playback | undefined,
    ports: { clock: Clock; echo: (mark: string) => void },
  ) {
    this.#streamId = streamId;
    this.#playback = playback;
    this.#allowance = new Allowance(ports.clock, TAKEN);
    this.#echo = ports.echo;
  }

  /** @returns false when this was more than can be taken: a flood. */
  take(kind: 'text' | 'binary' | 'ping', data: Buffer): boolean {
    if (!this.#allowance.take(costOf(data.length))) return false;
    if (kind === 'ping') return true;
    const request =
      this.#playback && kind === 'text' ? readRequest(data.toString(), this.#streamId) : undefined;
    if (request && this.#perform(request, this.#playback!)) return true;
    this.ignored++;
    return !this.#playback || request !== undefined || this.#allowance.take(NONSENSE_COST);
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

/** What the server asks for, or undefined where it makes no sense or is meant for another stream. */
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
