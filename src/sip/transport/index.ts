export type { Counters, TransportCounters } from './counters.ts';
export type { Flow, Hop, TransportName } from './flow.ts';
export { replyFlow } from './intake.ts';
export type { Target } from './locate.ts';
export { type TlsOptions, TransportLayer, type TransportOptions } from './transport-layer.ts';
