import { getHeapStatistics } from 'node:v8';
import { type Admission, REFUSAL_CAUSES } from '../calls/index.ts';

/** How long the main thread has had nothing to do so far. */
export const idleMs = (): number => performance.eventLoopUtilization().idle;

/** What is left of memory, as the gate for new calls wants to know it. */
export function memoryLeft(): { heapUsed: number; availableBytes: number } {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return { heapUsed: used_heap_size / heap_size_limit, availableBytes: process.availableMemory() };
}

/** What `/metrics` tells of the gate for new calls. */
export function admissionFigures(admission: Admission) {
  return {
    calls_refused: {
      help: 'New calls refused since the start, by cause',
      label: 'cause',
      values: () => REFUSAL_CAUSES.map((cause) => [cause, admission.refused[cause] ?? 0] as const),
    },
    calls_taken: {
      help: '1 while new calls are taken, 0 while not',
      value: () => (admission.closed ? 0 : 1),
    },
    main_thread_busy: {
      help: 'The part of the last moment in which the main thread had something to do',
      value: () => admission.busy,
    },
  };
}
