import type { Compilable, Kysely } from 'kysely';
import { accountLayout, adjustmentLayout, chargeLayout } from './billing-layouts.ts';
import type { Tables } from './layouts.ts';

/**
 * The texts of what is written about money in the same transaction as calls and events. Parameters stand in the
 * order of the layout.
 */
export function billingTexts(db: Kysely<Tables>) {
  return {
    saveAccount: text(
      db
        .insertInto('accounts')
        .values(marks(accountLayout))
        .onConflict((conflict) =>
          conflict.column('customerId').doUpdateSet((eb) => excluded(eb.ref, accountLayout, 'customerId')),
        ),
    ),
    addAdjustment: text(db.insertInto('adjustments').values(marks(adjustmentLayout))),
    // What was settled once is never settled again, whoever asks for it.
    saveCharge: text(
      db
        .insertInto('charges')
        .values(marks(chargeLayout))
        .onConflict((conflict) =>
          conflict
            .column('legId')
            .doUpdateSet((eb) => excluded(eb.ref, chargeLayout, 'legId'))
            .where((eb) => eb('charges.status', '=', eb.val('reserved'))),
        ),
    ),
  };
}

/** Every column but the key takes the value of the row that was to be inserted. */
function excluded(ref: (name: never) => unknown, layout: object, key: string): Record<string, never> {
  const changing = Object.keys(layout).filter((property) => property !== key);
  return Object.fromEntries(
    changing.map((property) => [property, ref(`excluded.${property}` as never) as never]),
  );
}

/** A row of parameters; only their places matter, since the text is compiled and the values are not. */
function marks<Row>(layout: object): Row {
  return Object.fromEntries(Object.keys(layout).map((property) => [property, ''])) as Row;
}

const text = (query: Compilable): string => query.compile().sql;
