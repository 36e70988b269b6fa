/** The resources of the REST API in their form on the wire. */
export { type VoiceShown, voiceShown } from '../speech-rules.ts';
export * from './application.ts';
export * from './billing.ts';
export * from './call.ts';
export * from './event.ts';
export * from './insight.ts';
export * from './number.ts';
export * from './operations.ts';
export * from './phone.ts';
export * from './recording.ts';
export * from './trunk.ts';
export { errorBody, errorDetail, errorInfo, id, listOf, pageQuery, time } from './values.ts';
