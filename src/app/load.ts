import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Returns how long the main thread has been idle since the start, in milliseconds. */
export const idleMs = (): number => performance.eventLoopUtilization().idle;

/** Returns how much memory is left, for admission control. */
export function memoryLeft(): { heapUsed: number; availableBytes: number } {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return {
    heapUsed: used_heap_size / heap_size_limit,
    availableBytes: availableBytes({
      machineBytes: totalmem(),
      freeBytes: freemem(),
      limitBytes: process.constrainedMemory(),
      ownBytes: process.memoryUsage.rss(),
      reportedBytes: process.availableMemory(),
    }),
  };
}

/**
 * Returns the bytes that may still be used of the machine, or of the container that this process runs in.
 * @param memory.limitBytes the limit of the container; 0, or more than the machine has, if there is none.
 * @param memory.reportedBytes what the system reports as available.
 */
export function availableBytes({
  machineBytes,
  freeBytes,
  limitBytes,
  ownBytes,
  reportedBytes,
}: Record<'machineBytes' | 'freeBytes' | 'limitBytes' | 'ownBytes' | 'reportedBytes', number>): number {
  if (limitBytes === 0 || limitBytes >= machineBytes) return reportedBytes;
  // A container counts the page cache of written files as used memory until it has to reclaim it: with recordings, the
  // reported value (libuv reads memory.current) soon approaches zero.
  return Math.min(freeBytes, limitBytes - ownBytes);
}
