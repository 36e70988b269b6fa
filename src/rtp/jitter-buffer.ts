import type { Codec } from '../audio/index.ts';
import { Concealment, FRAME_SAMPLES } from '../audio/index.ts';
import { type RtpHeader, timestampDistance } from './packet.ts';
import { Sequence, type Standing } from './sequence.ts';

/** What a beat brought: sound that arrived, sound that hides a loss, or nothing to be heard. */
export type Pulled = 'audio' | 'lost' | 'silence';

/** What became of the packets, and of the frames that keep the delay where it should be. */
export interface JitterCounters {
  received: number;
  /** Came after its time, and was not played. Also in `lost`. */
  late: number;
  duplicate: number;
  /** Overtaken by a later one, and played all the same. */
  reordered: number;
  /** Of another source or numbering, and never confirmed. */
  stray: number;
  /** Frames played twice, in a pause, to gain delay. */
  inserted: number;
  /** Frames folded into the next or jumped over, to lose delay. */
  dropped: number;
}

/** Half a second of samples; a power of two. */
const RING = 4096;
const MASK = RING - 1;
/** The most samples that one packet may hold; what is beyond is cut off. */
const LONGEST_PACKET = RING / 2;
/** The packet that is being taken. All buffers share it, so that it stays close to the processor. */
const DECODED = new Int16Array(LONGEST_PACKET);
// What the ring holds at a place.
const MISSING = 0;
const SOUND = 1;
const PAUSE = 2;

// Delay in frames: 40 ms at first, never more than 120 ms.
const FIRST_TARGET = 2;
const LEAST_TARGET = 1;
const LARGEST_TARGET = 6;
/** With less to spare the delay grows in the next pause, with more than twice this it shrinks: 20 ms. */
const SPARE = FRAME_SAMPLES;
// Beats for which there was too much to spare, until the delay shrinks in a pause, and anywhere: 2 and 3 s.
const PATIENCE = 100;
const LAST_PATIENCE = 150;
/** The greatest sample of a frame that counts as a pause: −44 dBFS. */
const QUIET = 200;
/** So long, 240 ms, no sender can have paused while its last sound is still being played. */
const FARTHEST_LEAP = 1920;

/**
 * Makes an even stream of frames, one for each 20 ms beat, of packets that arrive unevenly, out of order, twice
 * or not at all, whatever time each of them holds. Samples lie in a ring at the place of their timestamp. The
 * delay begins at 40 ms, grows up to 120 ms where packets come late and shrinks where they come early. All
 * memory is taken at the start.
 *
 * Time is counted in beats only. A beat without enough sound is hidden, and the place to play waits: if the
 * packet was late, the delay has grown by what it needed; if it was lost, what was hidden counts as played.
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
  /** Beats that are overdue and follow at once: what has come for them is no delay. */
  overdue = 0;
  #sequence = new Sequence();
  #concealment = new Concealment();
  #samples = new Int16Array(RING);
  #state = new Uint8Array(RING);
  #second = new Int16Array(FRAME_SAMPLES);
  /** Steps of the timestamp for each sample. */
  #ticks = 1;
  // A timestamp and its place. Places count samples and never wrap.
  #timestamp = 0;
  #place = 0;
  /** The place to play next. */
  #play = 0;
  /** The place behind the newest sample. */
  #end = 0;
  /** Nothing to play, and nothing is missed. */
  #idle = true;
  /** Beats until a new spurt begins to play. */
  #waiting = 0;
  /** The newest packet holds no sound: the sender is busy with something else. */
  #noted = false;
  /** Beats in a row that were hidden because nothing was there. */
  #held = 0;
  /** Frames that a new spurt waits for. */
  #target = FIRST_TARGET;
  #roomyBeats = 0;

  /** Packets that never arrived, or too late to be played. */
  get lost(): number {
    return this.#sequence.lost + this.counters.late;
  }

  /** Sound that has arrived and waits to be played, in milliseconds. */
  get delayMs(): number {
    return (this.#end - this.#play) / 8;
  }

  /**
   * Takes a packet of sound; `header` was read from `packet`.
   * @param ticks steps of the timestamp for each sample, where the sender has another clock than its codec.
   */
  push(header: RtpHeader, packet: Uint8Array, codec: Codec, ticks = codec.ticks): void {
    const standing = this.#judge(header);
    if (standing === 'duplicate' || standing === 'stray') return;
    const length = codec.decode(packet, header.payloadOffset, header.payloadLength, DECODED);
    if (length === 0) return;
    this.#ticks = ticks;
    if (standing === 'older') this.#takeOlder(header, length);
    else this.#takeNewest(header, length, standing === 'first');
  }

  /** Takes note of a packet that holds no sound but has a number of the same row: events, comfort noise. */
  note(header: RtpHeader): void {
    if (this.#judge(header) === 'newer') this.#noted = true;
  }

  /** Fills `out` with the next 20 ms. Called once a beat. */
  pull(out: Int16Array): Pulled {
    if (this.#idle || this.#waiting > 0) return this.#wait(out);
    if (this.#end - this.#play < FRAME_SAMPLES) return this.#hold(out);
    if (this.#held > 0) this.#resume();
    const spare = this.#end - this.#play - FRAME_SAMPLES;
    if (spare < 0) return this.#hold(out);
    this.#roomyBeats = spare > 2 * SPARE ? this.#roomyBeats + 1 : 0;
    if (spare < SPARE && this.#isQuiet()) return this.#insert(out);
    if (this.#roomyBeats > LAST_PATIENCE || (this.#roomyBeats > PATIENCE && this.#isQuiet())) {
      return this.#fold(out);
    }
    return this.#next(out);
  }

  #judge(header: RtpHeader): Standing {
    const standing = this.#sequence.judge(header, this.#idle);
    this.counters.received++;
    if (standing === 'duplicate' || standing === 'stray') this.counters[standing]++;
    return standing;
  }

  #takeNewest(header: RtpHeader, length: number, first: boolean): void {
    const end = this.#end;
    const place = first || this.#idle ? end : this.#placeAfterEnd(header.timestamp, length);
    if (this.#idle) this.#begin();
    this.#noted = false;
    this.#mark(end, place, this.#sequence.gap > 0 ? MISSING : PAUSE);
    this.#mark(place, place + length, SOUND);
    this.#write(place, length);
    this.#timestamp = header.timestamp;
    this.#place = place;
    this.#end = place + length;
    this.#limitDelay(length);
  }

  /**
   * A sender whose timestamps leap farther than time can have passed, or go back, has changed its clock: what it
   * sends now follows what it sent before.
   */
  #placeAfterEnd(timestamp: number, length: number): number {
    const leap = this.#placeOf(timestamp) - this.#end;
    const missing = this.#sequence.gap * length;
    const believable = leap >= 0 && leap <= FARTHEST_LEAP + missing;
    return this.#end + (believable ? leap : Math.min(missing, FARTHEST_LEAP));
  }

  #begin(): void {
    this.#play = this.#end;
    this.#waiting = this.#target;
    this.#held = 0;
    this.#roomyBeats = 0;
    this.#idle = false;
  }

  #placeOf(timestamp: number): number {
    return this.#place + Math.round(timestampDistance(timestamp, this.#timestamp) / this.#ticks);
  }

  #takeOlder(header: RtpHeader, length: number): void {
    const place = this.#placeOf(header.timestamp);
    const earliest = this.#place - this.#mostAhead;
    if (this.#waiting > 0 && place < this.#play && place >= earliest) this.#beginAt(place);
    if (place < this.#play || place + length > this.#end) {
      this.counters.late++;
      return;
    }
    this.counters.reordered++;
    this.#mark(place, place + length, SOUND);
    this.#write(place, length);
  }

  /** The spurt began earlier than the packet that was the first to arrive. */
  #beginAt(place: number): void {
    this.#mark(place, this.#play, MISSING);
    this.#play = place;
  }

  #mark(from: number, to: number, state: number): void {
    const start = Math.max(from, to - RING) & MASK;
    const end = start + Math.min(RING, to - from);
    this.#state.fill(state, start, end);
    this.#state.fill(state, 0, Math.max(0, end - RING));
  }

  #write(place: number, length: number): void {
    const samples = this.#samples;
    for (let i = 0; i < length; i++) samples[(place + i) & MASK] = DECODED[i]!;
  }

  /** The most samples that wait ahead of the newest packet. */
  get #mostAhead(): number {
    return (LARGEST_TARGET + 1 + this.overdue) * FRAME_SAMPLES;
  }

  /** After a burst: jumps over what would be heard too late. */
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
    if (this.#state[this.#play & MASK] === SOUND) {
      this.#target = Math.min(LARGEST_TARGET, this.#target + this.#held);
    } else {
      const hidden = Math.min(this.#end, this.#play + this.#held * FRAME_SAMPLES);
      while (this.#play < hidden && this.#state[this.#play & MASK] !== SOUND) this.#play++;
    }
    this.#held = 0;
  }

  #next(out: Int16Array): Pulled {
    const pulled = this.#render(out);
    this.#play += FRAME_SAMPLES;
    return pulled;
  }

  /** Plays a quiet frame that will be played again. */
  #insert(out: Int16Array): Pulled {
    this.counters.inserted++;
    return this.#render(out);
  }

  /** Plays two frames in the time of one, the first giving way to the second. */
  #fold(out: Int16Array): Pulled {
    this.#next(out);
    const pulled = this.#next(this.#second);
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const weight = (i + 1) / FRAME_SAMPLES;
      out[i] = Math.round(out[i]! * (1 - weight) + this.#second[i]! * weight);
    }
    this.#roomyBeats = 0;
    this.#target = Math.max(LEAST_TARGET, this.#target - 1);
    this.counters.dropped++;
    return pulled;
  }

  #render(out: Int16Array): Pulled {
    let pulled: Pulled = 'silence';
    for (let from = 0; from < FRAME_SAMPLES; ) {
      const state = this.#state[(this.#play + from) & MASK];
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

  /** How far the next frame is, from a sample on, of one state. */
  #endOfRun(from: number): number {
    const states = this.#state;
    const play = this.#play;
    const state = states[(play + from) & MASK];
    let to = from + 1;
    while (to < FRAME_SAMPLES && states[(play + to) & MASK] === state) to++;
    return to;
  }

  #copy(out: Int16Array, from: number, to: number): void {
    const samples = this.#samples;
    const play = this.#play;
    for (let i = from; i < to; i++) out[i] = samples[(play + i) & MASK]!;
    this.#concealment.heard(out, from, to);
  }

  #isQuiet(): boolean {
    for (let place = this.#play; place < this.#play + FRAME_SAMPLES; place++) {
      const state = this.#state[place & MASK];
      if (state === MISSING) return false;
      if (state === SOUND && Math.abs(this.#samples[place & MASK]!) > QUIET) return false;
    }
    return true;
  }
}
