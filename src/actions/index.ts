/**
 * What an application wants done with a call: its documents are fetched and checked, and their actions carried
 * out in order, one file per action, as functions over the call's leg.
 */
export { withBuiltin } from './builtin.ts';
export { createDocumentFetcher, type DocumentFetcherPorts } from './fetch.ts';
export { Flows } from './flows.ts';
export type {
  DocumentRequest,
  Documents,
  Recorder,
  Services,
  Settings,
  Sounds,
  Speaker,
  Streams,
} from './ports.ts';
export { createSounds } from './sounds.ts';
