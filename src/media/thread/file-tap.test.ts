import { beforeEach, describe, expect, it } from 'vitest';
import { FRAME_SAMPLES } from '../../audio/frame.ts';
import { WAV_HEADER } from '../../audio/wav-writer.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { TapEnd } from '../sound.ts';
import { BLOCK_FRAMES, FileTap } from './file-tap.ts';
import { Blocks, type Files } from './recording-file.ts';

/** A disk in memory of limited size, which can be stalled. */
class Disk implements Files {
  content = Buffer.alloc(0);
  closed = false;
  #size: number;
  #stalled: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  constructor(size = Number.POSITIVE_INFINITY) {
    this.#size = size;
  }

  stall(): void {
    this.#stalled = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
  }

  async create(): Promise<number> {
    return 3;
  }

  async write(
    _fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    await this.#stalled;
    const count = Math.min(length, this.#size - position);
    if (count <= 0) throw new Error('ENOSPC: no space left on device, write');
    const grown = Buffer.alloc(Math.max(this.content.length, position + count));
    this.content.copy(grown);
    grown.set(bytes.subarray(offset, offset + count), position);
    this.content = grown;
    return count;
  }

  async truncate(_fd: number, length: number): Promise<void> {
    this.content = this.content.subarray(0, length);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    this.closed = true;
  }
}

let clock: VirtualClock;
/** The tap that was opened last: how it has ended, and whether it has started. */
let end: TapEnd | undefined;
let hasStarted: boolean;
beforeEach(() => {
  clock = new VirtualClock();
  end = undefined;
  hasStarted = false;
});

const frame = new Int16Array(FRAME_SAMPLES).fill(1000);
const SECOND = 8000 * 4;

function tapOn(disk: Disk): FileTap {
  const size = BLOCK_FRAMES * FRAME_SAMPLES;
  const blocks = { 1: new Blocks(size), 2: new Blocks(2 * size) };
  const options = { path: 'a.wav', channels: 2, maxSeconds: 3600 } as const;
  const tap = new FileTap(2, options, { clock, files: disk, blocks });
  tap.started.then(
    () => (hasStarted = true),
    () => {},
  );
  void tap.ended.then((how) => (end = how));
  return tap;
}

/** Writes frames, with time between them in which files are written. */
async function beats(tap: FileTap, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    tap.write(frame, frame);
    await clock.advance(20);
  }
}

describe('a full disk', () => {
  it('ends the tap, and leaves a playable file', async () => {
    // The last sample that fits is cut in half.
    const disk = new Disk(WAV_HEADER + SECOND + 2);
    const tap = tapOn(disk);
    await beats(tap, 100);
    expect(end).toEqual({
      cause: 'write_failed',
      error: 'ENOSPC: no space left on device, write',
      samples: 8000,
      gaps: [],
    });
    expect(disk.content).toHaveLength(WAV_HEADER + SECOND);
    expect(disk.content.readUInt32LE(40)).toBe(SECOND);
    expect(disk.closed).toBe(true);
  });

  it('ends the tap even when there is no space for a header', async () => {
    const tap = tapOn(new Disk(0));
    await beats(tap, 10);
    expect(end).toMatchObject({ cause: 'write_failed', samples: 0 });
    expect(hasStarted).toBe(false);
  });
});

describe('a stalled disk', () => {
  it('loses nothing when it continues within ten seconds', async () => {
    const disk = new Disk();
    const tap = tapOn(disk);
    await beats(tap, 50);
    disk.stall();
    await beats(tap, 450);
    disk.resume();
    await beats(tap, 100);
    tap.end('stopped');
    await clock.advance(0);
    expect(end).toEqual({ cause: 'stopped', samples: 600 * FRAME_SAMPLES, gaps: [] });
    expect(disk.content).toHaveLength(WAV_HEADER + 12 * SECOND);
  });

  it('ends the tap after about ten seconds, and keeps what was saved', async () => {
    const disk = new Disk();
    const tap = tapOn(disk);
    await beats(tap, 50);
    disk.stall();
    await beats(tap, 600);
    expect(tap.isEnded).toBe(true);
    disk.resume();
    await clock.advance(0);
    expect(end).toMatchObject({ cause: 'write_failed', error: expect.stringContaining('too slow') });
    expect(disk.content.length).toBe(WAV_HEADER + end!.samples * 4);
  });

  it('does not delay the end of a tap for ever', async () => {
    const disk = new Disk();
    const tap = tapOn(disk);
    disk.stall();
    await beats(tap, 50);
    tap.end('closed');
    await clock.advance(5_000);
    expect(end).toMatchObject({ cause: 'write_failed', error: 'the disk does not answer' });
    await tap.ended;
  });
});

it('writes every half second, and not for all taps at the same beat', async () => {
  const firsts = [];
  for (const number of [1, 2, 3]) {
    const disk = new Disk();
    const size = BLOCK_FRAMES * FRAME_SAMPLES;
    const blocks = { 1: new Blocks(size), 2: new Blocks(2 * size) };
    const deps = { clock, files: disk, blocks };
    const tap = new FileTap(number, { path: 'a.wav', channels: 2, maxSeconds: 60 }, deps);
    let first = 0;
    for (let beat = 1; first === 0; beat++) {
      await beats(tap, 1);
      if (disk.content.length > WAV_HEADER) first = beat;
    }
    await beats(tap, 25);
    expect(disk.content.length).toBe(WAV_HEADER + (first + 25) * FRAME_SAMPLES * 4);
    firsts.push(first);
  }
  expect(new Set(firsts).size).toBe(3);
  expect(Math.max(...firsts)).toBeLessThanOrEqual(25);
});
