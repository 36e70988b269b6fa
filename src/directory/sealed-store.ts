import { explain } from '../core/index.ts';
import type { SecretBox } from './secret-box.ts';
import type { AiSettings, DirectoryStore } from './store.ts';

/** Wraps a store: the directory sees plain secrets, the store gets sealed ones. */
export function sealedStore(store: DirectoryStore, box: SecretBox): DirectoryStore {
  const orNull = (act: (text: string) => string) => (text: string | null) =>
    text === null ? null : act(text);
  const seal = (text: string) => box.seal(text);
  const open = (text: string) => box.open(text);
  return {
    async load() {
      const stored = await store.load();
      // A row whose secrets cannot be opened is left out; the others stay usable.
      const opened = <T extends { id: string }>(table: string, rows: T[], openRow: (row: T) => T): T[] =>
        rows.flatMap((row) => {
          try {
            return [openRow(row)];
          } catch (error) {
            store.quarantine({ table, id: row.id, reason: explain(error) });
            return [];
          }
        });
      return {
        ...stored,
        applications: opened('applications', stored.applications, (row) => ({
          ...row,
          webhookSecrets: row.webhookSecrets.map(open),
          ai: withKey(row.ai, orNull(open)),
        })),
        phones: opened('phones', stored.phones, (row) => ({ ...row, ha1: open(row.ha1) })),
        trunks: opened('trunks', stored.trunks, (row) => ({ ...row, password: orNull(open)(row.password) })),
      };
    },
    saveApplication: (row) =>
      store.saveApplication({
        ...row,
        webhookSecrets: row.webhookSecrets.map(seal),
        ai: withKey(row.ai, orNull(seal)),
      }),
    saveTrunk: (row) => store.saveTrunk({ ...row, password: orNull(seal)(row.password) }),
    savePhone: (row) => store.savePhone({ ...row, ha1: seal(row.ha1) }),
    saveCustomer: (row) => store.saveCustomer(row),
    deleteApplication: (id) => store.deleteApplication(id),
    saveKey: (row) => store.saveKey(row),
    deleteKey: (id) => store.deleteKey(id),
    saveDid: (row) => store.saveDid(row),
    deleteDid: (id) => store.deleteDid(id),
    deleteTrunk: (id) => store.deleteTrunk(id),
    deletePhone: (id) => store.deletePhone(id),
    saveVerifiedNumber: (row) => store.saveVerifiedNumber(row),
    deleteVerifiedNumber: (id) => store.deleteVerifiedNumber(id),
    quarantine: (row) => store.quarantine(row),
  };
}

const withKey = (ai: AiSettings | null, act: (key: string | null) => string | null): AiSettings | null =>
  ai && { ...ai, apiKey: act(ai.apiKey) };
