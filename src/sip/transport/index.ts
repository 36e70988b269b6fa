export {
  type Counters,
  type Flow,
  type Hop,
  type TransportCounters,
  type TransportName,
  totalOf,
} from './flow.ts';
export { replyFlow } from './message-receiver.ts';
export {
  locateAllAddresses,
  locateServers,
  type NameLookup,
  type ServerAddress,
  type Target,
  withServerAddress,
} from './server-location.ts';
export { type TlsOptions, TransportLayer } from './transport-layer.ts';
