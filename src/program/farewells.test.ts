import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../kit/index.ts';
import { createUserAgent } from '../sip/index.ts';
import { established, type Pair, pair } from '../sip/testing/pair.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { openFarewells } from './farewells.ts';

let folder: string;
let both: Pair;
let store: Storage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-farewells-'));
  both = await pair();
  store = await openSqliteStorage({ file: join(folder, 'db'), clock: both.clock, hasWebhook: () => false });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Alice again, after a crash: on another port, knowing nothing. */
async function reborn() {
  const { clock, network } = both;
  const options = { clock, network, random: seededRandom(9), log: silentLog, userAgent: 'test' };
  const agent = createUserAgent({ ...options, host: '10.0.0.1', port: 5070 });
  await agent.listen();
  return agent;
}

test.each(['alice', 'bob'] as const)('after a crash of %s the other side is hung up on', async (who) => {
  await openFarewells({ userAgent: both[who], store, log: silentLog });
  const { near, far } = await established(both);
  await both.clock.advance(100);
  // The one of before says nothing any more.
  both.network.passes = ({ from }) =>
    from.port !== 5060 || from.address !== (who === 'alice' ? '10.0.0.1' : '10.0.0.2');
  const said = (await openFarewells({ userAgent: await reborn(), store, log: silentLog }))();
  await both.clock.advance(1000);
  await said;
  expect(await (who === 'alice' ? far : near).ended).toMatchObject({ by: 'remote' });
  expect(await store.farewells()).toEqual([]);
});

test('a call that has ended needs no farewell', async () => {
  await openFarewells({ userAgent: both.alice, store, log: silentLog });
  const { far } = await established(both);
  await both.clock.advance(100);
  expect(await store.farewells()).toHaveLength(1);
  void far.bye();
  await both.clock.advance(1000);
  expect(await store.farewells()).toEqual([]);
});
