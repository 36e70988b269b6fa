import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BillingChange } from '../../billing/index.ts';
import { accountLayout, adjustmentLayout, chargeLayout } from '../billing-layouts.ts';
import type { billingTexts } from '../billing-texts.ts';
import { toParameters } from '../layouts.ts';

/** What a change does to money, inside the transaction of the journal. */
export class BillingWrites {
  #saveAccount: StatementSync;
  #addAdjustment: StatementSync;
  #saveCharge: StatementSync;

  constructor(database: DatabaseSync, texts: ReturnType<typeof billingTexts>) {
    this.#saveAccount = database.prepare(texts.saveAccount);
    this.#addAdjustment = database.prepare(texts.addAdjustment);
    this.#saveCharge = database.prepare(texts.saveCharge);
  }

  write({ account, adjustment, charges = [] }: BillingChange): void {
    if (account) this.#saveAccount.run(...toParameters(accountLayout, account));
    if (adjustment) this.#addAdjustment.run(...toParameters(adjustmentLayout, adjustment));
    for (const charge of charges) this.#saveCharge.run(...toParameters(chargeLayout, charge), 'reserved');
  }
}
