import { type Kysely, type Migration, Migrator } from 'kysely';
import type { Tables } from '../tables/index.ts';
import { beginning } from './0001-beginning.ts';
import { idempotency } from './0002-idempotency.ts';
import { phones } from './0003-phones.ts';
import { insights } from './0004-insights.ts';
import { billing } from './0005-billing.ts';
import { farewells } from './0006-farewells.ts';
import { parkedEvents } from './0007-parked-events.ts';
import { retention } from './0008-retention.ts';
import { sealedDigits } from './0009-sealed-digits.ts';
import { sipFields } from './0010-sip-fields.ts';
import { tenants } from './0011-tenants.ts';
import { erasure } from './0012-erasure.ts';
import { pendingByes } from './0013-pending-byes.ts';
import { growth } from './0014-growth.ts';

/** The migrations in the order of their names. A released migration is never edited: each change is a new one. */
export const migrations: Record<string, Migration> = {
  '0001-beginning': beginning,
  '0002-idempotency': idempotency,
  '0003-phones': phones,
  '0004-insights': insights,
  '0005-billing': billing,
  '0006-farewells': farewells,
  '0007-parked-events': parkedEvents,
  '0008-retention': retention,
  '0009-sealed-digits': sealedDigits,
  '0010-sip-fields': sipFields,
  '0011-tenants': tenants,
  '0012-erasure': erasure,
  '0013-pending-byes': pendingByes,
  '0014-growth': growth,
};

/**
 * Runs the migrations that the database lacks; the same ones for every database.
 * @param begin is called with their names before they run, unless the database is new.
 */
export async function migrate(
  db: Kysely<Tables>,
  begin: (names: string[]) => void = () => {},
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const all = await migrator.getMigrations();
  const missing = all.filter(({ executedAt }) => !executedAt).map(({ name }) => name);
  if (missing.length > 0 && missing.length < all.length) begin(missing);
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
