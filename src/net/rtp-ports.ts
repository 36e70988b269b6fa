import { type Clock, Failure, type Random } from '../core/index.ts';

/** Late packets of the former call must not be heard by the next one on the same port. */
const QUARANTINE_MS = 5_000;

/**
 * Even ports for RTP, each with the odd one above it for RTCP (RFC 3550 §11). They are given out in turn from
 * a random start, and a port that came back rests for five seconds.
 */
export class RtpPorts {
  #clock: Clock;
  #waiting: { port: number; from: number }[] = [];

  /** @param range from the first port to the last, both included. */
  constructor(range: { from: number; to: number }, clock: Clock, random: Random) {
    this.#clock = clock;
    const first = range.from + (range.from % 2);
    const count = Math.max(0, Math.floor((range.to - first + 1) / 2));
    const start = Math.floor(random.float() * count);
    for (let i = 0; i < count; i++)
      this.#waiting.push({ port: first + 2 * ((start + i) % count), from: -Infinity });
  }

  /** @throws Failure `no_media_port` when all are in use or at rest. */
  take(): number {
    const next = this.#waiting[0];
    if (!next || next.from > this.#clock.monotonic())
      throw new Failure('no_media_port', 'no RTP port is free: widen MINIVOICE_RTP_PORTS');
    this.#waiting.shift();
    return next.port;
  }

  /** Gives back a port that was taken. */
  give(port: number): void {
    this.#waiting.push({ port, from: this.#clock.monotonic() + QUARANTINE_MS });
  }
}
