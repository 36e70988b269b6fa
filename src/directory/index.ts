/**
 * Customers, their applications and API keys, the numbers that callers dial, trunks and phones. Everything is kept in
 * memory, since each call and each request needs it, and written through to the store.
 */
export type { ApplicationFields } from './applications.ts';
export { seedDemo } from './demo.ts';
export type { DidFields } from './dids.ts';
export { Directory, type NumberRoute } from './directory.ts';
export { normalizeNumber, withPlus } from './number.ts';
export { PHONE_REALM, type Phones } from './phones.ts';
export { openSecretBox, SecretBox } from './secret-box.ts';
export type {
  AiSettings,
  ApiKey,
  Application,
  Customer,
  Did,
  DirectoryStore,
  Phone,
  ScorecardItem,
  Trunk,
  VerifiedNumber,
} from './store.ts';
export type { TrunkFields } from './trunks.ts';
