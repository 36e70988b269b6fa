/**
 * Customers, their applications and API keys, the numbers that callers dial, trunks and phones. Everything is kept in
 * memory, since each call and each request needs it, and written through to the store.
 */
export type { ApplicationFields, NewApplication } from './applications.ts';
export { type Demo, seedDemo } from './demo.ts';
export type { DidFields, DidFilter, Dids, NewDid } from './dids.ts';
export { Directory, type DirectoryOptions, type Route } from './directory.ts';
export { isE164, normalizeNumber, withPlus } from './number.ts';
export { PHONE_REALM, type Phones } from './phones.ts';
export { openSecretBox, SecretBox } from './secret-box.ts';
export type {
  AiSettings,
  ApiKey,
  Application,
  Customer,
  Did,
  DirectoryRows,
  DirectoryStore,
  Phone,
  ScorecardItem,
  Trunk,
  VerifiedNumber,
} from './store.ts';
export type { NewTrunk, TrunkFields, Trunks } from './trunks.ts';
