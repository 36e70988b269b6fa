/**
 * Who is who: customers, their applications and keys, the numbers they are called at and the trunks that carry
 * them. Kept in memory, since every call and every request asks, and written through to the store.
 */
export type { ApplicationFields, NewApplication } from './applications.ts';
export { type Demo, seedDemo } from './demo.ts';
export type { DidFields, DidFilter, Dids, NewDid } from './dids.ts';
export { Directory, type DirectoryOptions, type Route } from './directory.ts';
export { isE164, normaliseNumber, withPlus } from './number.ts';
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
export { type NewTrunk, operatorsFirst, type TrunkFields, type Trunks } from './trunks.ts';
