/**
 * Actions: fetches and validates an application's documents and performs their actions in order. Each action is a
 * function over the call's leg, in a file of its own.
 */
export { withBuiltinDocuments } from './documents.ts';
export { createDocumentFetcher } from './fetch.ts';
export { Flows } from './flows.ts';
export type { DocumentRequest, Recorder, Services, Settings, Speaker, Streams } from './ports.ts';
export { createSounds } from './sounds.ts';
