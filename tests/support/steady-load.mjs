/**
 * Preloaded into a server, has its main thread seem to have time for new calls, however busy the machine is with other
 * things. How calls are refused where it has none is tested in virtual time: src/calls/admission.test.ts.
 */
performance.eventLoopUtilization = () => ({ idle: performance.now(), active: 0, utilization: 0 });
