import type { Session } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { checkStreamUrl } from './connection.ts';
import type { StreamDeps, StreamedCall, StreamOptions } from './ports.ts';
import { Stream } from './stream.ts';

/** The limit of streams per call. */
export const MAX_STREAMS = 8;

/** The live streams of one call. Defer `close` on the call's scope. */
export class CallStreams {
  #call: StreamedCall;
  #deps: StreamDeps;
  #streams = new Set<Stream>();
  #closed = false;
  /** Detecting keys costs time, so it lasts only as long as there is a stream. */
  #stopListening = () => {};

  constructor(call: StreamedCall, deps: StreamDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /** Streams that are running. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Starts a stream without waiting for its connection, which is reported on the timeline. Does nothing if the same
   * stream is running.
   *
   * @throws Failure `url_not_allowed`, `address_not_allowed`, `call_ended`; `stream_failed` when eight are running.
   */
  start({ streamUrl, track, bidirectional }: StreamOptions): void {
    checkStreamUrl(streamUrl, this.#deps.allowPrivate);
    if (this.#closed) throw new Failure('call_ended', 'the call has ended');
    const running = this.#find({ streamUrl, track });
    if (running.some(({ options }) => options.bidirectional === bidirectional)) return;
    if (this.#streams.size >= MAX_STREAMS) {
      throw new Failure('stream_failed', `a call has at most ${MAX_STREAMS} streams at a time`);
    }
    const stream = new Stream(
      { streamUrl, track, bidirectional },
      {
        call: this.#call,
        deps: this.#deps,
        ended: (stream) => this.#remove(stream),
      },
    );
    this.#streams.add(stream);
    if (this.#streams.size === 1) this.#startListening();
  }

  /** Stops the streams that match, if any. */
  stop(which: StreamFilter = {}): void {
    for (const stream of this.#find(which)) stream.end('stopped');
  }

  /** Ends all streams with the call, without waiting for their receivers. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.end('call_ended');
  }

  /** Reports a key that the caller pressed. */
  #press(digit: string): void {
    for (const stream of this.#streams) stream.digit(digit);
  }

  #startListening(): void {
    this.#stopListening = this.#call.leg.sound.digits.on(({ digit }) => this.#press(digit));
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#stopListening();
  }

  #find({ streamUrl, track }: StreamFilter): Stream[] {
    return [...this.#streams].filter(
      ({ options }) =>
        (streamUrl ?? options.streamUrl) === options.streamUrl && (track ?? options.track) === options.track,
    );
  }
}

/** Selects streams of a call; absent fields match any stream. */
interface StreamFilter {
  streamUrl?: string | undefined;
  track?: StreamOptions['track'] | undefined;
}

/** Creates a call's streams on first use, and closes them with the call. */
export function streamsOfCalls(deps: StreamDeps): (session: Session) => CallStreams {
  const all = new WeakMap<Session, CallStreams>();
  return (session) => {
    const existing = all.get(session);
    if (existing) return existing;
    const streams = new CallStreams(session, deps);
    all.set(session, streams);
    session.scope.defer('streams', () => streams.close());
    return streams;
  };
}
