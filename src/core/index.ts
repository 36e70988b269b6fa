/**
 * The ground that every room stands on: time, chance, money, ids, failures, scopes, logs. It knows nothing of calls,
 * and it is the only place where the machine's clock and dice are touched.
 */
export { type Clock, rfc3339, sleep, systemClock, type Timer, within } from './clock.ts';
export { Signal } from './events.ts';
export { type Detail, explain, Failure } from './failure.ts';
export { FairQueue, type Job } from './fair-queue.ts';
export { FairWorkers } from './fair-workers.ts';
export { type Defect, defectCounts, defects, detach, guarded, reportDefect } from './guard.ts';
export { type IdPrefix, Ids } from './ids.ts';
export { createLog, type Log, type LogLevel, silentLog } from './log.ts';
export { formatAmount, type Micros, parseAmount } from './money.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { Scope } from './scope.ts';
export { serveJobs } from './serve-jobs.ts';
