import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { kyselyOver } from '../sqlite/database.ts';
import { migrate, migrations } from './index.ts';

test('existing trunks keep their values, and customers may use the same gateway name afterwards', async () => {
  const database = new DatabaseSync(':memory:');
  const db = kyselyOver(database);
  for (const [name, migration] of Object.entries(migrations)) if (name < '0011') await migration.up(db);
  const insert = database.prepare(
    `insert into trunks (id, customer_id, name, proxy, password, inbound_ip, is_active, gateway_name, transport, register,
     srtp, country, created_at, updated_at) values (?, ?, 'Carrier', 'sip.example', 'sealed', '0.0.0.0/0', 1, ?, 'tls', 1, 0, 'DE', 5, 6)`,
  );
  insert.run('trunk_1', null, 'gw');
  insert.run('trunk_2', 'cust_1', 'gw2');
  await migrations['0011-tenants']!.up(db);
  const trunks = await db.selectFrom('trunks').selectAll().orderBy('id').execute();
  const same = {
    password: 'sealed',
    inboundIp: '0.0.0.0/0',
    transport: 'tls',
    register: 1,
    country: 'DE',
  };
  expect(trunks).toMatchObject([
    { ...same, id: 'trunk_1', gatewayName: 'gw', callerIds: 'owned', forwardCallerId: 1, createdAt: 5 },
    { ...same, id: 'trunk_2', gatewayName: 'gw2', callerIds: 'any', customerId: 'cust_1', updatedAt: 6 },
  ]);
  database.exec(`update trunks set gateway_name = 'gw' where id = 'trunk_2'`);
  database.close();
});

test('queries of sealed digits use their index', async () => {
  const database = new DatabaseSync(':memory:');
  const db = kyselyOver(database);
  await migrate(db);
  const plan = database
    .prepare(
      `explain query plan select id from events where data like '{%"sealed_digits":"%' and created_at < 5 order by created_at`,
    )
    .all();
  expect(JSON.stringify(plan)).toContain('events_sealed');
  database.close();
});
