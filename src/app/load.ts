import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** How long the main thread has had nothing to do so far. */
export const idleMs = (): number => performance.eventLoopUtilization().idle;

/** What is left of memory, as the gate for new calls wants to know it. */
export function memoryLeft(): { heapUsed: number; availableBytes: number } {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return {
    heapUsed: used_heap_size / heap_size_limit,
    availableBytes: availableBytes({
      machineBytes: totalmem(),
      freeBytes: freemem(),
      limitBytes: process.constrainedMemory(),
      ownBytes: process.memoryUsage.rss(),
      saidBytes: process.availableMemory(),
    }),
  };
}

/**
 * What may still be used of the machine, or of the container that we are in.
 * @param memory.limitBytes of the container; 0, or more than the machine has, where there is none.
 * @param memory.saidBytes what the system says itself.
 */
export function availableBytes({
  machineBytes,
  freeBytes,
  limitBytes,
  ownBytes,
  saidBytes,
}: Record<'machineBytes' | 'freeBytes' | 'limitBytes' | 'ownBytes' | 'saidBytes', number>): number {
  if (limitBytes === 0 || limitBytes >= machineBytes) return saidBytes;
  // A container counts the files that were written as used memory, until it needs the room: with recordings there is
  // soon next to nothing left by what it says (libuv reads memory.current).
  return Math.min(freeBytes, limitBytes - ownBytes);
}
