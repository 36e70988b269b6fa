import type { AudioStream } from '../calls/index.ts';
import { Backlog, type Waiting } from './backlog.ts';
import { Inlet } from './inlet.ts';
import { Playback } from './playback.ts';
import type { StreamedCall, StreamOptions, StreamPorts } from './ports.ts';
import { Receiver } from './receiver.ts';
import { CONNECTED, numbered, Wording } from './wording.ts';

// Five seconds in all wait for a slow receiver: four here, where they can be dropped, and one in the socket.
const BACKLOG_FRAMES = 200;
const SOCKET_BYTES = 50 * 350;

const SILENCE = Buffer.alloc(160, 0xff).toString('base64');

/** What a stream is part of. */
export interface StreamContext {
  call: StreamedCall;
  ports: StreamPorts;
  /** Called once, when the stream has ended for whatever cause. */
  over(stream: Stream): void;
}

/**
 * One live stream: sound goes from the call to a WebSocket and, where it is bidirectional, back. The call never
 * waits for it: what the receiver does not take is dropped, and when it cannot be reached the stream ends alone.
 */
export class Stream {
  readonly id: string;
  readonly options: StreamOptions;
  #context: StreamContext;
  #sound: AudioStream;
  #deafen: () => void;
  #wording: Wording;
  #backlog: Backlog;
  #inlet: Inlet;
  #receiver: Receiver;
  #sequenceNumber = 0;
  #ended = false;

  constructor(options: StreamOptions, context: StreamContext) {
    const { call, ports } = context;
    this.id = ports.ids.next('str');
    this.options = options;
    this.#context = context;
    this.#sound = call.leg.sound.stream();
    this.#deafen = this.#sound.frames.on(({ track, payload }) => this.#hear(track, payload));
    this.#wording = new Wording(this.id);
    this.#backlog = new Backlog(BACKLOG_FRAMES * this.#tracks);
    const playback = options.bidirectional ? new Playback(this.#sound, ports.clock) : undefined;
    const echo = (mark: string) => this.#push(this.#wording.mark(mark));
    this.#inlet = new Inlet(this.id, playback, { clock: ports.clock, echo });
    ports.counts.open++;
    ports.counts.started++;
    const target = { url: options.streamUrl, secrets: ports.secrets(call.record.applicationId) };
    this.#receiver = new Receiver(target, ports, {
      opened: (reconnect) => this.#begin(reconnect),
      received: (kind, data) => {
        if (!this.#inlet.take(kind, data)) this.end('flooded');
      },
      lost: (why) => this.#note('stream_lost', { error: why }),
      failed: (why) => this.#fail(why),
      satisfied: () => this.#finish('stream_ended', { reason: 'receiver' }),
    });
  }

  /** The caller pressed a key. */
  digit(digit: string): void {
    const { everything, caller, keys } = this.#context.call.hushed;
    if (!everything && !caller && !keys) this.#push(this.#wording.dtmf(digit));
  }

  /** Sends what is left and `stop`, and closes, all without waiting. Idempotent. */
  end(reason: 'stopped' | 'call_ended' | 'flooded'): void {
    if (this.#ended) return;
    const { id: call_id, applicationId: application_id } = this.#context.call.record;
    this.#flush(Number.POSITIVE_INFINITY);
    this.#send('stop', this.#wording.stop({ call_id, application_id, reason, ...this.#losses }));
    this.#finish('stream_ended', { reason });
  }

  get #tracks(): number {
    return this.options.track === 'both' ? 2 : 1;
  }

  get #losses() {
    return { messages_dropped: this.#backlog.dropped, messages_ignored: this.#inlet.ignored };
  }

  #hear(track: 'inbound' | 'outbound', payload: Uint8Array): void {
    if (this.options.track !== 'both' && this.options.track !== track) return;
    const { everything, caller } = this.#context.call.hushed;
    const hushed = everything || (caller && track === 'inbound');
    this.#push(this.#wording.media(track, hushed ? SILENCE : base64(payload)));
  }

  #push(message: Waiting): void {
    if (this.#ended) return;
    const { dropped } = this.#backlog;
    this.#backlog.push(message);
    this.#context.ports.counts.dropped += this.#backlog.dropped - dropped;
    this.#flush(SOCKET_BYTES * this.#tracks);
  }

  #flush(socketBytes: number): void {
    while (this.#receiver.open && this.#receiver.bufferedBytes < socketBytes) {
      const message = this.#backlog.shift();
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
    const start = this.#wording.start({
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

  #fail(why: string): void {
    const { call, ports } = this.#context;
    ports.counts.failed++;
    call.log.warn({ stream_id: this.id, error: why }, 'a stream failed');
    this.#finish('stream_failed', { error: { code: 'stream_failed', message: why } });
  }

  #finish(kind: string, why: object): void {
    this.#ended = true;
    this.#deafen();
    this.#sound.close();
    this.#receiver.close();
    this.#context.ports.counts.open--;
    this.#note(kind, { ...why, ...this.#losses });
    this.#context.over(this);
  }

  #note(kind: string, data: object): void {
    const { streamUrl: stream_url, track } = this.options;
    this.#context.call.note(kind, { stream_id: this.id, stream_url, track, ...data });
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
