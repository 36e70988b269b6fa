/**
 * What REST takes and gives, in the form it has on the wire: one file for each resource.
 */
export * from './ai-settings.ts';
export * from './application.ts';
export * from './billing.ts';
export * from './call.ts';
export * from './did.ts';
export * from './event.ts';
export * from './insight.ts';
export * from './node.ts';
export * from './phone.ts';
export * from './quarantine.ts';
export * from './recording.ts';
export * from './trunk.ts';
export { errorBody, fault, id, listOf, pageQuery, time } from './values.ts';
export * from './verified-number.ts';
export * from './voice.ts';
