/**
 * Who is who: customers, their applications and keys, the numbers they are called at and the trunks that carry
 * them. Kept in memory, since every call and every request asks, and written through to the store.
 */
export type { ApiKey, Application, Customer, Did, DirectoryRows, DirectoryStore, Trunk } from './store.ts';
