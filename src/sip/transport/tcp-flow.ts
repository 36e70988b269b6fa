import { type Clock, Signal, type Timer } from '../../core/index.ts';
import type { Stream } from '../../net/index.ts';
import { type Framed, StreamFramer } from '../message/index.ts';
import type { TransportCounters } from './counters.ts';
import type { Flow, Hop } from './flow.ts';
import type { Intake } from './intake.ts';

/** A connection that has not brought one whole message by then is of no use to anybody. */
const FIRST_MESSAGE_MS = 32_000;
/** A connection is given up after this long without a byte; keep-alives come every two minutes or so. */
const IDLE_MS = 30 * 60_000;
/** A peer that does not read must not fill our memory. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** One TCP or TLS connection, whoever opened it. */
export class TcpFlow implements Flow {
  readonly remote: Hop;
  readonly reliable = true;
  readonly ended = new Signal<void>();
  #stream: Stream;
  #clock: Clock;
  #intake: Intake;
  #counters: TransportCounters;
  #framer = new StreamFramer();
  #forget: () => void;
  #open = true;
  #useful = false;
  #lastActive: number;
  #idle: Timer;

  constructor(
    { stream, remote }: { stream: Stream; remote: Hop },
    clock: Clock,
    intake: Intake,
    counters: TransportCounters,
    forget: () => void,
  ) {
    this.remote = remote;
    this.#stream = stream;
    this.#clock = clock;
    this.#intake = intake;
    this.#counters = counters;
    this.#forget = forget;
    this.#lastActive = clock.monotonic();
    this.#idle = clock.after(FIRST_MESSAGE_MS, this.#checkIdle);
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
    this.#idle.cancel();
    this.#counters.connections--;
    this.#forget();
    this.ended.emit();
  }

  #receive(chunk: Buffer): void {
    this.#lastActive = this.#clock.monotonic();
    for (const framed of this.#framer.feed(chunk)) this.#take(framed);
  }

  #take(framed: Framed): void {
    switch (framed.kind) {
      case 'message':
        this.#useful = true;
        this.#intake.take(framed.message, this);
        break;
      case 'ping':
        // RFC 5626 §3.5.1
        this.send(Buffer.from('\r\n'));
        break;
      case 'error':
        // Where the next message begins cannot be known any more.
        this.#intake.reject(framed.error, this);
        this.close();
    }
  }

  #checkIdle = (): void => {
    const idle = this.#clock.monotonic() - this.#lastActive;
    if (!this.#useful || idle >= IDLE_MS) this.#drop();
    else this.#idle = this.#clock.after(IDLE_MS - idle, this.#checkIdle);
  };

  #drop(): void {
    this.#counters.dropped++;
    this.close();
  }
}
