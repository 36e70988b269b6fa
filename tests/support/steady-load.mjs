/**
 * Preloaded into the server: makes its main thread report that it is idle, so that a busy machine refuses no calls. How
 * calls are refused where it has none is tested in virtual time: src/calls/admission.test.ts.
 */
performance.eventLoopUtilization = () => ({ idle: performance.now(), active: 0, utilization: 0 });
