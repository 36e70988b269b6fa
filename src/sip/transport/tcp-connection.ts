import { type Clock, Signal, type Timer } from '../../core/index.ts';
import type { Stream } from '../../net/index.ts';
import { type Framed, StreamFramer } from '../message/index.ts';
import type { Flow, Hop, TransportCounters } from './flow.ts';
import type { MessageReceiver } from './message-receiver.ts';

/** A connection without a complete message after this time is closed. */
const FIRST_MESSAGE_TIMEOUT_MS = 32_000;
/** A connection without traffic for this time is closed; keep-alives arrive about every two minutes. */
const IDLE_TIMEOUT_MS = 30 * 60_000;
/** A connection whose peer does not read is closed at this backlog, to limit memory. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** One TCP or TLS connection, opened by us or by the peer. */
export class TcpConnection implements Flow {
  readonly remote: Hop;
  readonly reliable = true;
  readonly ended = new Signal<void>();
  #stream: Stream;
  #clock: Clock;
  #receiver: MessageReceiver;
  #counters: TransportCounters;
  #framer = new StreamFramer();
  #closed: () => void;
  #open = true;
  #hasMessage = false;
  #lastActive: number;
  #idleTimer: Timer;

  constructor(
    { stream, remote }: { stream: Stream; remote: Hop },
    clock: Clock,
    receiver: MessageReceiver,
    counters: TransportCounters,
    closed: () => void,
  ) {
    this.remote = remote;
    this.#stream = stream;
    this.#clock = clock;
    this.#receiver = receiver;
    this.#counters = counters;
    this.#closed = closed;
    this.#lastActive = clock.monotonic();
    this.#idleTimer = clock.after(FIRST_MESSAGE_TIMEOUT_MS, this.#checkIdle);
    counters.connections++;
    stream.handle({ data: (chunk) => this.#receive(chunk), closed: () => this.#end() });
  }

  send(data: Buffer, failed?: (error: Error) => void): void {
    if (this.#open && this.#stream.backlog > MAX_BACKLOG_BYTES) this.#drop();
    if (!this.#open) {
      this.#counters.failed++;
      failed?.(new Error('the connection is closed'));
      return;
    }
    this.#counters.sent++;
    this.#lastActive = this.#clock.monotonic();
    this.#stream.write(data);
  }

  close(): void {
    this.#stream.close();
    this.#end();
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#idleTimer.cancel();
    this.#counters.connections--;
    this.#closed();
    this.ended.emit();
  }

  #receive(chunk: Buffer): void {
    this.#lastActive = this.#clock.monotonic();
    for (const framed of this.#framer.feed(chunk)) this.#handle(framed);
  }

  #handle(framed: Framed): void {
    switch (framed.kind) {
      case 'message':
        this.#hasMessage = true;
        this.#receiver.receive(framed.message, this);
        break;
      case 'ping':
        // RFC 5626 §3.5.1
        this.send(Buffer.from('\r\n'));
        break;
      case 'error':
        // The start of the next message is unknown.
        this.#receiver.reject(framed.error, this);
        this.close();
    }
  }

  #checkIdle = (): void => {
    const idle = this.#clock.monotonic() - this.#lastActive;
    if (!this.#hasMessage || idle >= IDLE_TIMEOUT_MS) this.#drop();
    else this.#idleTimer = this.#clock.after(IDLE_TIMEOUT_MS - idle, this.#checkIdle);
  };

  #drop(): void {
    this.#counters.dropped++;
    this.close();
  }
}
