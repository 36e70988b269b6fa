import { describe, expect, it } from 'vitest';
import { availableBytes, memoryLeft } from './platform.ts';

const GB = 1024 ** 3;

describe('availableBytes', () => {
  it('returns what the system reports outside of a container', () => {
    const machine = { machineBytes: 8 * GB, freeBytes: GB, ownBytes: GB, reportedBytes: 2 * GB };
    expect(availableBytes({ ...machine, limitBytes: 0 })).toBe(2 * GB);
    expect(availableBytes({ ...machine, limitBytes: 2 ** 64 })).toBe(2 * GB);
  });

  it('does not count the page cache of written recordings in a container', () => {
    const container = { machineBytes: 8 * GB, limitBytes: 2 * GB, ownBytes: 0.5 * GB, reportedBytes: 0 };
    expect(availableBytes({ ...container, freeBytes: 4 * GB })).toBe(1.5 * GB);
    expect(availableBytes({ ...container, freeBytes: GB })).toBe(GB);
  });

  it('memoryLeft returns plausible values', () => {
    const { heapUsed, availableBytes } = memoryLeft();
    expect(heapUsed).toBeGreaterThan(0);
    expect(heapUsed).toBeLessThan(1);
    expect(availableBytes).toBeGreaterThan(0);
  });
});
