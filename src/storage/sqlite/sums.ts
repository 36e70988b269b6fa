import type { DatabaseSync } from 'node:sqlite';
import { exact, isExact, secondsOf } from '../summands.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Creates the triggers that keep `call_hours` and `charge_days` equal to the sums of the stored rows. Usage and balances
 * are read from them, because reading millions of calls or charges would take seconds. Each sum changes in the
 * transaction that changes a row, whatever writes it.
 */
export function openSums(database: DatabaseSync): void {
  // A database may have the trigger of an earlier version.
  database.exec('DROP TRIGGER IF EXISTS call_changed');
  database.exec(`
    CREATE TRIGGER IF NOT EXISTS call_added AFTER INSERT ON calls BEGIN
      INSERT INTO call_hours (application_id, hour, calls, billsec_seconds, cost)
        VALUES (new.application_id, ${hourOf('new')}, 1, ${secondsOf('new')}, ${exact('new.cost_amount')})
        ON CONFLICT (application_id, hour) DO UPDATE SET calls = calls + 1,
          billsec_seconds = billsec_seconds + excluded.billsec_seconds, cost = cost + excluded.cost;
    END;
    CREATE TRIGGER call_changed AFTER UPDATE OF answered_at, ended_at, cost_amount ON calls
    WHEN new.ended_at IS NOT old.ended_at OR new.cost_amount IS NOT old.cost_amount
      OR (new.ended_at IS NOT NULL AND new.answered_at IS NOT old.answered_at) BEGIN
      UPDATE call_hours SET billsec_seconds = billsec_seconds + ${secondsOf('new')} - ${secondsOf('old')},
          cost = cost + ${exact('new.cost_amount')} - ${exact('old.cost_amount')}
        WHERE application_id = old.application_id AND hour = ${hourOf('old')};
    END;
    CREATE TRIGGER IF NOT EXISTS call_deleted AFTER DELETE ON calls BEGIN
      UPDATE call_hours SET calls = calls - 1, billsec_seconds = billsec_seconds - ${secondsOf('old')},
          cost = cost - ${exact('old.cost_amount')}
        WHERE application_id = old.application_id AND hour = ${hourOf('old')};
      DELETE FROM call_hours
        WHERE application_id = old.application_id AND hour = ${hourOf('old')} AND calls <= 0;
    END;
    CREATE TRIGGER IF NOT EXISTS charge_added AFTER INSERT ON charges WHEN new.settled_at IS NOT NULL BEGIN
      ${addCharge('new')}
    END;
    CREATE TRIGGER IF NOT EXISTS charge_settled AFTER UPDATE OF settled_at, amount ON charges
    WHEN old.settled_at IS NULL AND new.settled_at IS NOT NULL BEGIN
      ${addCharge('new')}
    END;
    CREATE TRIGGER IF NOT EXISTS charge_changed AFTER UPDATE OF settled_at, amount ON charges
    WHEN old.settled_at IS NOT NULL AND (new.settled_at IS NOT old.settled_at OR new.amount IS NOT old.amount) BEGIN
      ${removeCharge('old')}
      ${addCharge('new')}
    END;
    CREATE TRIGGER IF NOT EXISTS charge_deleted AFTER DELETE ON charges WHEN old.settled_at IS NOT NULL BEGIN
      ${removeCharge('old')}
    END;
  `);
}

type Row = 'old' | 'new';

const hourOf = (row: Row) => `CAST(${row}.created_at AS INTEGER) / ${HOUR_MS} * ${HOUR_MS}`;
const dayOf = (row: Row) => `CAST(${row}.settled_at AS INTEGER) / ${DAY_MS} * ${DAY_MS}`;

const addCharge = (row: Row) => `
  INSERT INTO charge_days (customer_id, day, charges, amount, inexact)
    SELECT ${row}.customer_id, ${dayOf(row)}, 1, ${exact(`${row}.amount`)}, iif(${isExact(`${row}.amount`)}, 0, 1)
    WHERE ${row}.settled_at IS NOT NULL
    ON CONFLICT (customer_id, day) DO UPDATE SET charges = charges + 1, amount = amount + excluded.amount,
      inexact = inexact + excluded.inexact;`;

const removeCharge = (row: Row) => `
  UPDATE charge_days SET charges = charges - 1, amount = amount - ${exact(`${row}.amount`)},
      inexact = inexact - iif(${isExact(`${row}.amount`)}, 0, 1)
    WHERE customer_id = ${row}.customer_id AND day = ${dayOf(row)};
  DELETE FROM charge_days WHERE customer_id = ${row}.customer_id AND day = ${dayOf(row)} AND charges <= 0;`;
