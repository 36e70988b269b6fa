import type { Codec } from '../audio/index.ts';
import { Concealment, FRAME_SAMPLES } from '../audio/index.ts';
import { type RtpHeader, timestampDistance } from './packet.ts';
import { type PacketOrder, Sequence } from './sequence.ts';

/** What a beat plays: received sound, concealment of a loss, or silence. */
export type Pulled = 'audio' | 'lost' | 'silence';

/** Counts of packets, and of frames that were inserted or dropped to adapt the delay. */
export interface JitterCounters {
  received: number;
  /** Arrived too late to be played. Also counted in `lost`. */
  late: number;
  duplicate: number;
  /** Overtaken by a later packet, and still played. */
  reordered: number;
  /** Of another source or numbering that was not confirmed. */
  stray: number;
  /** Frames played twice in a pause to increase the delay. */
  inserted: number;
  /** Frames merged with the next or skipped to reduce the delay. */
  dropped: number;
}

/** Half a second of samples; a power of two. */
const RING = 4096;
const MASK = RING - 1;
/** Most samples of one packet; the rest is cut off. */
const LONGEST_PACKET = RING / 2;
/** Samples of the packet in progress. All buffers share it, so that it stays in the CPU cache. */
const DECODED = new Int16Array(LONGEST_PACKET);
/** Its first frame: the usual packet. */
const DECODED_FRAME = DECODED.subarray(0, FRAME_SAMPLES);
/** The second of two frames that are merged. */
const SECOND = new Int16Array(FRAME_SAMPLES);
// State of a position of the ring.
const MISSING = 0;
const SOUND = 1;
const PAUSE = 2;

// Delay in frames: 40 ms at first, at most 120 ms.
const FIRST_TARGET = 2;
const LEAST_TARGET = 1;
const LARGEST_TARGET = 6;
/** 20 ms. With less spare sound the delay grows in the next pause; with more than twice this it shrinks. */
const SPARE = FRAME_SAMPLES;
// Beats with too much spare sound until the delay shrinks: 2 s in a pause, 3 s anywhere.
const SHRINK_IN_PAUSE_BEATS = 100;
const SHRINK_BEATS = 150;
/** Largest sample of a frame that counts as a pause: −44 dBFS. */
const QUIET = 200;
/** A sender cannot have paused for 240 ms while its last sound is still being played. */
const MAX_JUMP = 1920;

/**
 * An adaptive jitter buffer, which plays one frame per beat of 20 ms. Packets may arrive unevenly, out of order, twice or
 * not at all, and have any length. Samples are stored in a ring at the position of their timestamp. The delay starts
 * at 40 ms, grows up to 120 ms when packets are late, and shrinks when they are early.
 *
 * Time is counted in beats only. A beat without enough sound is concealed and the play position waits: if the packet was
 * late, the delay has grown by the time it needed; if it was lost, the concealment counts as played.
 */
export class JitterBuffer {
  readonly counters: JitterCounters = {
    received: 0,
    late: 0,
    duplicate: 0,
    reordered: 0,
    stray: 0,
    inserted: 0,
    dropped: 0,
  };
  /** Overdue beats that follow at once: the sound that arrived for them is not delay. */
  overdue = 0;
  #sequence = new Sequence();
  #concealment = new Concealment();
  #samples = new Int16Array(RING);
  /** The state of each position before `#soundFrom`. Most calls never need it. */
  #state: Uint8Array | undefined;
  /** From here to `#end`, everything is sound. */
  #soundFrom = 0;
  /** Timestamp units per sample. */
  #ticks = 1;
  // A timestamp and its position. Positions count samples and never wrap.
  #timestamp = 0;
  #position = 0;
  /** The position to play next. */
  #play = 0;
  /** The position after the newest sample. */
  #end = 0;
  /** Nothing is buffered, and nothing is missing. */
  #idle = true;
  /** Beats until a new talk spurt starts to play. */
  #waiting = 0;
  /** The newest packet has no sound, so the sender is not silent by loss. */
  #noted = false;
  /** Consecutive beats that were concealed for lack of sound. */
  #held = 0;
  /** Frames that a new talk spurt waits for. */
  #target = FIRST_TARGET;
  #excessBeats = 0;

  /** Packets that never arrived or arrived too late to be played. */
  get lost(): number {
    return this.#sequence.lost + this.counters.late;
  }

  /** Buffered sound in milliseconds. */
  get delayMs(): number {
    return (this.#end - this.#play) / 8;
  }

  /**
   * Adds a packet of sound; `header` was read from `packet`.
   * @param ticks timestamp units per sample, if the sender uses another clock than its codec.
   */
  push(header: RtpHeader, packet: Uint8Array, codec: Codec, ticks = codec.ticks): void {
    const order = this.#classify(header);
    if (order === 'duplicate' || order === 'stray') return;
    const length = codec.decode(packet, header.payloadOffset, header.payloadLength, DECODED);
    if (length === 0) return;
    this.#ticks = ticks;
    if (order === 'older') this.#takeOlder(header, length);
    else this.#takeNewest(header, length, order === 'first');
  }

  /** Records a packet without sound in the same sequence, such as an event or comfort noise. */
  note(header: RtpHeader): void {
    if (this.#classify(header) === 'newer') this.#noted = true;
  }

  /** Fills `out` with the next 20 ms. Must be called once per beat. */
  pull(out: Int16Array): Pulled {
    if (this.#idle || this.#waiting > 0) return this.#wait(out);
    if (this.#end - this.#play < FRAME_SAMPLES) return this.#hold(out);
    if (this.#held > 0) this.#resume();
    const spare = this.#end - this.#play - FRAME_SAMPLES;
    if (spare < 0) return this.#hold(out);
    this.#excessBeats = spare > 2 * SPARE ? this.#excessBeats + 1 : 0;
    if (spare < SPARE && this.#isQuiet()) return this.#insert(out);
    if (this.#excessBeats > SHRINK_BEATS || (this.#excessBeats > SHRINK_IN_PAUSE_BEATS && this.#isQuiet())) {
      return this.#merge(out);
    }
    return this.#next(out);
  }

  #classify(header: RtpHeader): PacketOrder {
    const order = this.#sequence.classify(header, this.#idle);
    this.counters.received++;
    if (order === 'duplicate' || order === 'stray') this.counters[order]++;
    return order;
  }

  #takeNewest(header: RtpHeader, length: number, first: boolean): void {
    const end = this.#end;
    const position = first || this.#idle ? end : this.#positionAfterEnd(header.timestamp, length);
    if (this.#idle) this.#start();
    this.#noted = false;
    if (position > end) this.#leaveGap(position, this.#sequence.gap > 0 ? MISSING : PAUSE);
    this.#write(position, length);
    this.#timestamp = header.timestamp;
    this.#position = position;
    this.#end = position + length;
    this.#limitDelay(length);
  }

  /**
   * The position of a newest packet. Timestamps that jump back, or further than time can have passed, mean that the sender
   * changed its clock: its sound then continues where it stopped.
   */
  #positionAfterEnd(timestamp: number, length: number): number {
    const jump = this.#positionOf(timestamp) - this.#end;
    const missing = this.#sequence.gap * length;
    const plausible = jump >= 0 && jump <= MAX_JUMP + missing;
    return this.#end + (plausible ? jump : Math.min(missing, MAX_JUMP));
  }

  #start(): void {
    this.#play = this.#end;
    this.#waiting = this.#target;
    this.#held = 0;
    this.#excessBeats = 0;
    this.#idle = false;
  }

  #positionOf(timestamp: number): number {
    return this.#position + Math.round(timestampDistance(timestamp, this.#timestamp) / this.#ticks);
  }

  #takeOlder(header: RtpHeader, length: number): void {
    const position = this.#positionOf(header.timestamp);
    const earliest = this.#position - this.#mostAhead;
    if (this.#waiting > 0 && position < this.#play && position >= earliest) this.#startAt(position);
    if (position < this.#play || position + length > this.#end) {
      this.counters.late++;
      return;
    }
    this.counters.reordered++;
    this.#mark(position, position + length, SOUND);
    this.#write(position, length);
  }

  /** Moves the start of a talk spurt before its first received packet. */
  #startAt(position: number): void {
    this.#soundFrom = Math.max(this.#soundFrom, this.#play);
    this.#mark(position, this.#play, MISSING);
    this.#play = position;
  }

  /** Sound continues at `position`, after something else. */
  #leaveGap(position: number, state: number): void {
    this.#mark(this.#soundFrom, this.#end, SOUND);
    this.#mark(this.#end, position, state);
    this.#soundFrom = position;
  }

  #stateAt(position: number): number {
    return position >= this.#soundFrom || !this.#state ? SOUND : this.#state[position & MASK]!;
  }

  #mark(from: number, to: number, state: number): void {
    const start = Math.max(from, to - RING) & MASK;
    const end = start + Math.min(RING, to - from);
    this.#state ??= new Uint8Array(RING).fill(SOUND);
    this.#state.fill(state, start, end);
    this.#state.fill(state, 0, Math.max(0, end - RING));
  }

  #write(position: number, length: number): void {
    const samples = this.#samples;
    const start = position & MASK;
    if (length === FRAME_SAMPLES && start + length <= RING) samples.set(DECODED_FRAME, start);
    else for (let i = 0; i < length; i++) samples[(start + i) & MASK] = DECODED[i]!;
  }

  /** The most samples that wait ahead of the newest packet. */
  get #mostAhead(): number {
    return (LARGEST_TARGET + 1 + this.overdue) * FRAME_SAMPLES;
  }

  /** After a burst, skips sound that would be played too late. */
  #limitDelay(length: number): void {
    const most = this.#mostAhead + length;
    if (this.#end - this.#play <= Math.min(most, RING)) return;
    const before = this.#play;
    this.#play = this.#end - length - Math.max(0, this.#target - this.#waiting) * FRAME_SAMPLES;
    this.counters.dropped += Math.ceil((this.#play - before) / FRAME_SAMPLES);
  }

  #wait(out: Int16Array): Pulled {
    if (this.#waiting > 0) this.#waiting--;
    this.#concealment.silent(out);
    return 'silence';
  }

  #hold(out: Int16Array): Pulled {
    this.#held++;
    this.#idle = this.#held > LARGEST_TARGET;
    if (this.#noted) this.#concealment.silent(out);
    else this.#concealment.lost(out);
    return this.#concealment.audible ? 'lost' : 'silence';
  }

  #resume(): void {
    if (this.#stateAt(this.#play) === SOUND) {
      this.#target = Math.min(LARGEST_TARGET, this.#target + this.#held);
    } else {
      const concealed = Math.min(this.#end, this.#play + this.#held * FRAME_SAMPLES);
      while (this.#play < concealed && this.#stateAt(this.#play) !== SOUND) this.#play++;
    }
    this.#held = 0;
  }

  #next(out: Int16Array): Pulled {
    const pulled = this.#render(out);
    this.#play += FRAME_SAMPLES;
    return pulled;
  }

  /** Plays a quiet frame without advancing, so that it plays again. */
  #insert(out: Int16Array): Pulled {
    this.counters.inserted++;
    return this.#render(out);
  }

  /** Plays two frames in the time of one by cross-fading them. */
  #merge(out: Int16Array): Pulled {
    this.#next(out);
    const pulled = this.#next(SECOND);
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const weight = (i + 1) / FRAME_SAMPLES;
      out[i] = Math.round(out[i]! * (1 - weight) + SECOND[i]! * weight);
    }
    this.#excessBeats = 0;
    this.#target = Math.max(LEAST_TARGET, this.#target - 1);
    this.counters.dropped++;
    return pulled;
  }

  #render(out: Int16Array): Pulled {
    if (this.#play >= this.#soundFrom) {
      this.#copy(out, 0, FRAME_SAMPLES);
      return 'audio';
    }
    let pulled: Pulled = 'silence';
    for (let from = 0; from < FRAME_SAMPLES; ) {
      const state = this.#stateAt(this.#play + from);
      const to = this.#endOfRun(from);
      if (state === SOUND) this.#copy(out, from, to);
      else if (state === MISSING) this.#concealment.lost(out, from, to);
      else this.#concealment.silent(out, from, to);
      if (state === MISSING) pulled = 'lost';
      else if (state === SOUND && pulled === 'silence') pulled = 'audio';
      from = to;
    }
    return pulled;
  }

  /** End of the run of one state that begins at sample `from` of the next frame. */
  #endOfRun(from: number): number {
    const play = this.#play;
    const state = this.#stateAt(play + from);
    let to = from + 1;
    while (to < FRAME_SAMPLES && this.#stateAt(play + to) === state) to++;
    return to;
  }

  #copy(out: Int16Array, from: number, to: number): void {
    const samples = this.#samples;
    const play = this.#play;
    for (let i = from; i < to; i++) out[i] = samples[(play + i) & MASK]!;
    this.#concealment.received(out, from, to);
  }

  #isQuiet(): boolean {
    for (let position = this.#play; position < this.#play + FRAME_SAMPLES; position++) {
      const state = this.#stateAt(position);
      if (state === MISSING) return false;
      if (state === SOUND && Math.abs(this.#samples[position & MASK]!) > QUIET) return false;
    }
    return true;
  }
}
