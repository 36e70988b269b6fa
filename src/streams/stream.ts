import type { AudioStream } from '../calls/index.ts';
import { Playback, StreamInput } from './input.ts';
import { CONNECTED, numbered, StreamMessages } from './messages.ts';
import type { StreamDeps, StreamedCall, StreamOptions } from './ports.ts';
import { Receiver } from './receiver.ts';
import { type QueuedMessage, SendQueue } from './send-queue.ts';

// A slow receiver is at most five seconds behind: four in the queue, where frames can be dropped, one in the socket.
const QUEUED_FRAMES = 200;
const SOCKET_BYTES = 50 * 350;

const SILENCE = Buffer.alloc(160, 0xff).toString('base64');

/** The surroundings of a stream. */
export interface StreamContext {
  call: StreamedCall;
  deps: StreamDeps;
  /** Called once, when the stream has ended. */
  ended(stream: Stream): void;
}

/**
 * One live stream: sends the call's sound to a WebSocket and, if bidirectional, plays what comes back. The call never
 * waits for it: messages that a slow receiver does not take are dropped, and a stream that fails ends alone.
 */
export class Stream {
  readonly id: string;
  readonly options: StreamOptions;
  #context: StreamContext;
  #sound: AudioStream;
  #stopListening: () => void;
  #messages: StreamMessages;
  #queue: SendQueue;
  #input: StreamInput;
  #receiver: Receiver;
  #sequenceNumber = 0;
  #ended = false;

  constructor(options: StreamOptions, context: StreamContext) {
    const { call, deps } = context;
    this.id = deps.ids.next('str');
    this.options = options;
    this.#context = context;
    this.#sound = call.leg.sound.stream();
    this.#stopListening = this.#sound.frames.on(({ track, payload }) => this.#sendFrame(track, payload));
    this.#messages = new StreamMessages(this.id);
    this.#queue = new SendQueue(QUEUED_FRAMES * this.#tracks);
    const playback = options.bidirectional ? new Playback(this.#sound, deps.clock) : undefined;
    const echo = (mark: string) => this.#push(this.#messages.mark(mark));
    this.#input = new StreamInput(this.id, playback, { clock: deps.clock, echo });
    deps.counts.open++;
    deps.counts.started++;
    const target = { url: options.streamUrl, secrets: deps.secrets(call.record.applicationId) };
    this.#receiver = new Receiver(target, deps, {
      opened: (reconnect) => this.#begin(reconnect),
      received: (kind, data) => {
        if (!this.#input.take(kind, data)) this.end('flooded');
      },
      lost: (error) => this.#note('stream_lost', { error }),
      failed: (error) => this.#fail(error),
      completed: () => this.#finish('stream_ended', { reason: 'receiver' }),
    });
  }

  /** The caller pressed a key. */
  digit(digit: string): void {
    const { everything, caller, keys } = this.#context.call.heldBack;
    if (!everything && !caller && !keys) this.#push(this.#messages.dtmf(digit));
  }

  /** Sends the queue and `stop`, and closes, all without waiting. Idempotent. */
  end(reason: 'stopped' | 'call_ended' | 'flooded'): void {
    if (this.#ended) return;
    const { id: call_id, applicationId: application_id } = this.#context.call.record;
    this.#flush(Number.POSITIVE_INFINITY);
    this.#send('stop', this.#messages.stop({ call_id, application_id, reason, ...this.#losses }));
    this.#finish('stream_ended', { reason });
  }

  get #tracks(): number {
    return this.options.track === 'both' ? 2 : 1;
  }

  get #losses() {
    return { messages_dropped: this.#queue.dropped, messages_ignored: this.#input.ignored };
  }

  #sendFrame(track: 'inbound' | 'outbound', payload: Uint8Array): void {
    if (this.options.track !== 'both' && this.options.track !== track) return;
    const { everything, caller } = this.#context.call.heldBack;
    const isHeldBack = everything || (caller && track === 'inbound');
    this.#push(this.#messages.media(track, isHeldBack ? SILENCE : base64(payload)));
  }

  #push(message: QueuedMessage): void {
    if (this.#ended) return;
    const { dropped } = this.#queue;
    this.#queue.push(message);
    this.#context.deps.counts.dropped += this.#queue.dropped - dropped;
    this.#flush(SOCKET_BYTES * this.#tracks);
  }

  #flush(socketBytes: number): void {
    while (this.#receiver.open && this.#receiver.bufferedBytes < socketBytes) {
      const message = this.#queue.shift();
      if (!message) return;
      this.#send(message.event, message.rest);
    }
  }

  #send(event: string, rest: string): void {
    this.#receiver.send(numbered(event, rest, ++this.#sequenceNumber));
  }

  #begin(reconnect: number): void {
    const { id: call_id, applicationId: application_id, variables } = this.#context.call.record;
    const { track, bidirectional } = this.options;
    this.#sequenceNumber = 0;
    this.#receiver.send(CONNECTED);
    const start = this.#messages.start({
      stream_id: this.id,
      call_id,
      application_id,
      track,
      bidirectional,
      media_format: { encoding: 'audio/x-mulaw', sample_rate: 8000, channels: 1 },
      custom_parameters: variables,
      reconnect,
    });
    this.#send('start', start);
    this.#note('stream_started', { bidirectional, reconnect });
    this.#flush(SOCKET_BYTES * this.#tracks);
  }

  #fail(message: string): void {
    const { call, deps } = this.#context;
    deps.counts.failed++;
    call.log.warn({ stream_id: this.id, error: message }, 'stream failed');
    this.#finish('stream_failed', { error: { code: 'stream_failed', message } });
  }

  #finish(kind: string, data: object): void {
    this.#ended = true;
    this.#stopListening();
    this.#sound.close();
    this.#receiver.close();
    this.#context.deps.counts.open--;
    this.#note(kind, { ...data, ...this.#losses });
    this.#context.ended(this);
  }

  #note(kind: string, data: object): void {
    const { streamUrl: stream_url, track } = this.options;
    this.#context.call.note(kind, { stream_id: this.id, stream_url, track, ...data });
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
