import { type Clock, Failure, type Random } from '../core/index.ts';

/** Late packets of a call must not reach the next call on the same port. */
const QUARANTINE_MS = 5_000;

/**
 * The pool of even RTP ports, each with the odd port above it for RTCP (RFC 3550 §11).
 *
 * Ports are allocated in turn from a random start. A released port is not reused for five seconds.
 */
export class RtpPorts {
  #clock: Clock;
  #waiting: { port: number; from: number }[] = [];

  /** @param range the first and the last port, inclusive. */
  constructor(range: { from: number; to: number }, clock: Clock, random: Random) {
    this.#clock = clock;
    const first = range.from + (range.from % 2);
    const count = Math.max(0, Math.floor((range.to - first + 1) / 2));
    const start = Math.floor(random.float() * count);
    for (let i = 0; i < count; i++)
      this.#waiting.push({ port: first + 2 * ((start + i) % count), from: -Infinity });
  }

  /** Allocates a port. @throws Failure `no_media_port` when all are in use or in quarantine. */
  allocate(): number {
    const next = this.#waiting[0];
    if (!next || next.from > this.#clock.monotonic())
      throw new Failure('no_media_port', 'no RTP port is free: widen MINIVOICE_RTP_PORTS');
    this.#waiting.shift();
    return next.port;
  }

  /** Returns an allocated port to the pool. */
  release(port: number): void {
    this.#waiting.push({ port, from: this.#clock.monotonic() + QUARANTINE_MS });
  }
}
