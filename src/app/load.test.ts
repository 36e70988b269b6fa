import { describe, expect, it } from 'vitest';
import { availableBytes, memoryLeft } from './load.ts';

const GB = 1024 ** 3;

describe('the memory that is left', () => {
  it('is what the system says on a machine of our own', () => {
    const machine = { machineBytes: 8 * GB, freeBytes: GB, ownBytes: GB, saidBytes: 2 * GB };
    expect(availableBytes({ ...machine, limitBytes: 0 })).toBe(2 * GB);
    expect(availableBytes({ ...machine, limitBytes: 2 ** 64 })).toBe(2 * GB);
  });

  it('is not less in a container whose limit is reached by recordings that it has written', () => {
    const container = { machineBytes: 8 * GB, limitBytes: 2 * GB, ownBytes: 0.5 * GB, saidBytes: 0 };
    expect(availableBytes({ ...container, freeBytes: 4 * GB })).toBe(1.5 * GB);
    expect(availableBytes({ ...container, freeBytes: GB })).toBe(GB);
  });

  it('is some while the tests run', () => {
    const { heapUsed, availableBytes } = memoryLeft();
    expect(heapUsed).toBeGreaterThan(0);
    expect(heapUsed).toBeLessThan(1);
    expect(availableBytes).toBeGreaterThan(0);
  });
});
