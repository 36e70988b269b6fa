import { type CallRecord, isFinal, type Leg } from '../calls/index.ts';
import { type Clock, detach, explain, formatAmount, type Log } from '../core/index.ts';
import { CallCharges } from './call-charges.ts';
import { Charge, type ChargeParts } from './charge.ts';
import type { RecoveredCharge } from './recovered-charge.ts';
import type { BillingJournal } from './store.ts';

type Change = Parameters<BillingJournal['commit']>[0];

export interface ChargingJournalDeps {
  journal: BillingJournal;
  clock: Clock;
  log: Log;
}

/**
 * Writes calls together with their charges. Each change of a call carries its charges in the same commit; the commit
 * that ends the call settles them.
 */
export class ChargingJournal implements BillingJournal {
  #deps: ChargingJournalDeps;
  /** By the id of the call's own leg, which is known before the call has an id. */
  #charges = new Map<string, CallCharges>();

  constructor(deps: ChargingJournalDeps) {
    this.#deps = deps;
  }

  /** Charges a call for a leg. @param own the call's own leg: this leg, or the one that this leg was dialed for. */
  charge(parts: ChargeParts, own: Pick<Leg, 'id' | 'hangup'>): void {
    const charges = this.#of(own.id);
    const isOwn = own.id === parts.leg.id;
    const charge: Charge = new Charge(parts, {
      changed: () => detach('billing.journal', this.#save(charges)),
      exhausted: () => {
        charges.note(this.#now(), charge, 'exhausted');
        // The call's own leg first: its end is the reason that the call reports.
        detach('billing.journal', own.hangup('balance_exhausted'));
        detach('billing.journal', parts.leg.hangup('balance_exhausted'));
      },
      // The call's own leg is settled in the commit that ends the call.
      ended: () => {
        if (!isOwn) detach('billing.journal', this.#settle(charges, charge));
      },
    });
    charges.add(charge, parts.rate.currency);
    charges.note(this.#now(), charge, 'reserved');
    detach('billing.journal', this.#save(charges));
  }

  /** Adds a charge of a previous process to its call. */
  recover(charge: RecoveredCharge): void {
    const charges = this.#of(charge.callLegId);
    charges.call = charge.call;
    charges.add(charge, charge.currency);
  }

  /** Writes a change, and with a call its charges. */
  commit(change: Change): Promise<void> {
    const { call } = change;
    if (!call) return this.#deps.journal.commit(change);
    const charges = this.#of(call.providerCallId);
    charges.call = call;
    if (!isFinal(call.status)) {
      const written = this.#deps.journal.commit(together(change, charges.takeChange(call)));
      return change.refusable ? written.catch((error) => this.#refuse(charges, call, error)) : written;
    }
    this.#charges.delete(call.providerCallId);
    charges.settleAll(this.#now(), call);
    return this.#deps.journal.commit(together(withCost(change, charges), charges.takeChange(call)));
  }

  /** Releases the reservations of a call that could not be written and so does not begin. Writes nothing. */
  #refuse(charges: CallCharges, call: CallRecord, error: unknown): never {
    charges.call = undefined;
    this.#charges.delete(call.providerCallId);
    charges.settleAll(this.#now());
    throw error;
  }

  /** Settles the charges of calls that have ended or were never written. Run once, at the start. */
  async settleOrphanedCharges(find: (callId: string) => Promise<CallRecord | undefined>): Promise<void> {
    for (const [legId, charges] of this.#charges) {
      const call = charges.call && (await find(charges.call.id).catch(() => undefined));
      if (!charges.call || (call && !isFinal(call.status))) continue;
      this.#charges.delete(legId);
      charges.settleAll(this.#now(), call);
      await this.#save(charges);
    }
  }

  async #settle(charges: CallCharges, charge: Charge): Promise<void> {
    charges.settle(charge, this.#now());
    if (await this.#save(charges)) charges.forget(charge);
  }

  /** Writes the charges. Until the call itself is written, they wait to be written with it. */
  async #save(charges: CallCharges): Promise<boolean> {
    if (!charges.call) return false;
    try {
      await this.#deps.journal.commit(charges.takeChange(charges.call));
      return true;
    } catch (error) {
      const { log } = this.#deps;
      log.error({ call_id: charges.call.id, error: explain(error) }, 'could not write the charges of a call');
      return false;
    }
  }

  #of(legId: string): CallCharges {
    const known = this.#charges.get(legId);
    if (known) return known;
    const charges = new CallCharges();
    this.#charges.set(legId, charges);
    return charges;
  }

  #now(): number {
    return Math.round(this.#deps.clock.now());
  }
}

/** Adds the cost of the call to the change that ends it, and to its last event. */
function withCost(change: Change, { cost }: CallCharges): Change {
  const call = { ...change.call!, ...cost };
  if (cost.costAmount === null) return { ...change, call };
  const fields = { cost_amount: formatAmount(cost.costAmount), cost_currency: cost.costCurrency };
  const events = change.events?.map((event) => ({ ...event, call, data: { ...event.data, ...fields } }));
  return { ...change, call, ...(events ? { events } : {}) };
}

function together(change: Change, more: Change): Change {
  return { ...change, ...more, timeline: [...(change.timeline ?? []), ...(more.timeline ?? [])] };
}
