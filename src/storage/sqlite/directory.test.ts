import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { directoryStoreConformance } from '../../directory/store.conformance.ts';
import { MemoryDirectoryStore } from '../../directory/testing/memory-store.ts';
import { openSqliteStorage } from '../index.ts';

describe('the directory in SQLite', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  directoryStoreConformance(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'minivoice-directory-'));
    const file = join(folder, 'minivoice.db');
    const storage = await openSqliteStorage({ file, clock: new VirtualClock(), hasWebhook: () => true });
    closing.push(async () => {
      await storage.close();
      rmSync(folder, { recursive: true });
    });
    return storage;
  });
});

describe('the directory in memory', () => {
  directoryStoreConformance(async () => new MemoryDirectoryStore());
});
