import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Billing } from '../billing/index.ts';
import { SensitiveCalls } from '../calls/index.ts';
import { explain, Failure, type Random } from '../core/index.ts';
import { Directory, openSecretBox, seedDemo } from '../directory/index.ts';
import { lockFile, openSqliteStorage } from '../storage/index.ts';
import type { Deps } from './platform.ts';

/** What the data folder holds: secrets, the database, and the modules that read it at the start. */
export type Data = Awaited<ReturnType<typeof openData>>;

/** The least milliseconds between two transactions: longer than a commit, too short to notice in a call. */
const GROUP_MS = 3;

/** Opens the data folder, its secrets and its database. Rejects with `invalid_setting` if that fails. */
export async function openData(deps: Deps) {
  const { folder, release } = await openDataFolder(deps.config.dataDir);
  deps.scope.defer('data folder', release);
  return withinDataFolder(folder, () => openFiles(deps, folder));
}

async function openFiles({ config, log, clock, random, scope, databaseIn }: Deps, folder: string) {
  const secrets = await Secrets.open(folder, random);
  const adminToken = config.adminToken
    ? { value: config.adminToken, isNew: false }
    : { ...(await secrets.get('admin-token')), file: secrets.path('admin-token') };
  // Storage asks the directory, which is loaded from storage.
  let loaded: Directory | undefined;
  const storage = await openSqliteStorage({
    file: databaseIn(folder),
    clock,
    log,
    node: config.node,
    gatherMs: GROUP_MS,
    hasWebhook: (applicationId) => loaded?.hasWebhook(applicationId) ?? false,
  });
  scope.defer('storage', () => storage.close());
  const secretBox = await openSecretBox(secrets.path('stored-secrets'), random);
  const { customerTrunkIpv4Prefix: ipv4, customerTrunkIpv6Prefix: ipv6 } = config;
  const directory = await Directory.open(storage, {
    ...{ clock, random, ids: storage.ids, secrets: secretBox },
    customerPrefixes: { ipv4, ipv6 },
  });
  loaded = directory;
  await seedDemo(directory);
  const billing = await Billing.open({ store: storage, journal: storage, ids: storage.ids, clock, log });
  const sensitive = new SensitiveCalls(clock);
  return { folder, secrets, adminToken, storage, directory, billing, secretBox, sensitive };
}

/**
 * Creates and locks the data folder, readable for its user only.
 *
 * Rejects with `invalid_setting` and a message that says why the folder cannot be used.
 * @returns its absolute path, and a function that releases the lock.
 */
export async function openDataFolder(dataDir: string): Promise<{ folder: string; release(): void }> {
  const folder = resolve(dataDir);
  return withinDataFolder(folder, async () => {
    await makeFolder(folder);
    await chmod(folder, 0o700);
    return { folder, release: lockFile(join(folder, 'lock')) };
  });
}

/** Runs `work` on files of the folder; an error, for instance of a full disk, then names the setting. */
export async function withinDataFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = `MINIVOICE_DATA_DIR, ${folder}, cannot be used: ${explain(error)}`;
    throw new Failure('invalid_setting', message, { cause: error });
  }
}

/** Creates a folder and its parents. Node's `recursive` option never returns below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || (await exists(dirname(folder)))) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Secrets that the first start generates, in files that only their user can read. */
class Secrets {
  #folder: string;
  #random: Random;

  private constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
  }

  /** Opens the folder `secrets` of the data folder, which it creates if necessary. */
  static async open(dataDir: string, random: Random): Promise<Secrets> {
    const folder = join(dataDir, 'secrets');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Secrets(folder, random);
  }

  /** Returns the file of a secret. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Returns a secret, 32 random bytes in hex; `isNew` if it was generated just now. */
  async get(name: string): Promise<{ value: string; isNew: boolean }> {
    try {
      return { value: (await readFile(this.path(name), 'utf8')).trim(), isNew: false };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const value = this.#random.bytes(32).toString('hex');
      await writeFile(this.path(name), `${value}\n`, { mode: 0o600, flag: 'wx' });
      return { value, isNew: true };
    }
  }
}
