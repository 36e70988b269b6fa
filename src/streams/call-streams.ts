import type { Session } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { checkStreamUrl } from './connection.ts';
import type { StreamedCall, StreamOptions, StreamPorts } from './ports.ts';
import { Stream } from './stream.ts';

/** A call has at most so many streams at a time. */
export const MAX_STREAMS = 8;

/** The live streams of one call. Make one with the call, and defer `close` on the call's scope. */
export class CallStreams {
  #call: StreamedCall;
  #ports: StreamPorts;
  #streams = new Set<Stream>();
  #closed = false;
  /** Ends the listening for keys, which lasts as long as there is a stream. */
  #deafen = () => {};

  constructor(call: StreamedCall, ports: StreamPorts) {
    this.#call = call;
    this.#ports = ports;
  }

  /** How many are running. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Starts a stream without waiting for its connection; what becomes of that is told on the timeline. Where the
   * same stream runs already, that one goes on.
   *
   * @throws Failure `url_not_allowed`, `address_not_allowed`, `call_ended`; `stream_failed` when there are eight.
   */
  start({ streamUrl, track, bidirectional }: StreamOptions): void {
    checkStreamUrl(streamUrl, this.#ports.allowPrivate);
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
        ports: this.#ports,
        over: (stream) => this.#remove(stream),
      },
    );
    this.#streams.add(stream);
    if (this.#streams.size === 1)
      this.#deafen = this.#call.leg.sound.digits.on(({ digit }) => this.#press(digit));
  }

  /** Stops the streams that match; none matching is no error. */
  stop(which: Which = {}): void {
    for (const stream of this.#find(which)) stream.end('stopped');
  }

  /** The call is over: tells every receiver so and closes, without waiting for any. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.end('call_ended');
  }

  /** The caller pressed a key; nobody is told while keys are secret. */
  #press(digit: string): void {
    for (const stream of this.#streams) stream.digit(digit);
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#deafen();
  }

  #find({ streamUrl, track }: Which): Stream[] {
    return [...this.#streams].filter(
      ({ options }) =>
        (streamUrl ?? options.streamUrl) === options.streamUrl && (track ?? options.track) === options.track,
    );
  }
}

/** Some of a call's streams; what is not said is any. */
interface Which {
  streamUrl?: string | undefined;
  track?: StreamOptions['track'] | undefined;
}

/** Gives every live call its streams, made when they are first asked for and closed with the call. */
export function streamsOfCalls(ports: StreamPorts): (session: Session) => CallStreams {
  const all = new WeakMap<Session, CallStreams>();
  return (session) => {
    const known = all.get(session);
    if (known) return known;
    const streams = new CallStreams(session, ports);
    all.set(session, streams);
    session.scope.defer(() => streams.close());
    return streams;
  };
}
