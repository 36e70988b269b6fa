/**
 * Basics of every module: clock, random, money, ids, failures, scopes, logs, fair queues, workers. It knows nothing
 * about calls, and no other module uses the machine's clock or random source directly.
 */
export { type Clock, rfc3339, sleep, systemClock, type Timer, withTimeout } from './clock.ts';
export { Signal } from './events.ts';
export { type Detail, explain, Failure } from './failure.ts';
export { FairQueue, type Job } from './fair-queue.ts';
export { FairWorkers, serveJobs } from './fair-workers.ts';
export { type Defect, defectCounts, defects, detach, guarded, reportDefect } from './guard.ts';
export { Ids } from './ids.ts';
export { type Log, silentLog } from './log.ts';
export { formatAmount, type Micros, parseAmount } from './money.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { Scope } from './scope.ts';
