import { type CallRecord, isFinal, type Leg } from '../calls/index.ts';
import { type Clock, detach, explain, formatAmount, type Log } from '../core/index.ts';
import { Charge, type ChargeParts } from './charge.ts';
import type { LeftCharge } from './left-charge.ts';
import type { BillingJournal } from './store.ts';
import { Tab } from './tab.ts';

type Change = Parameters<BillingJournal['commit']>[0];

export interface TabPorts {
  journal: BillingJournal;
  clock: Clock;
  log: Log;
}

/**
 * What the live calls owe, each on a tab of its own. Calls are written through this: what they owe goes into the
 * same commit, and the commit that ends a call settles it.
 */
export class Tabs implements BillingJournal {
  #ports: TabPorts;
  /** By the id of the call's own leg, since that is known before the call has an id. */
  #tabs = new Map<string, Tab>();

  constructor(ports: TabPorts) {
    this.#ports = ports;
  }

  /** Charges a call for a leg. @param own the call's own leg: this one, or the one that this is beside. */
  charge(parts: ChargeParts, own: Pick<Leg, 'id' | 'hangup'>): void {
    const tab = this.#of(own.id);
    const isOwn = own.id === parts.leg.id;
    const charge: Charge = new Charge(parts, {
      changed: () => detach('billing.tabs', this.#save(tab)),
      exhausted: () => {
        tab.note(this.#now(), charge, 'exhausted');
        // The call's own leg first: its end is the call's reason.
        detach('billing.tabs', own.hangup('balance_exhausted'));
        detach('billing.tabs', parts.leg.hangup('balance_exhausted'));
      },
      // The call's own leg is settled in the commit of the call's end.
      ended: () => {
        if (!isOwn) detach('billing.tabs', this.#settle(tab, charge));
      },
    });
    tab.add(charge, parts.rate.currency);
    tab.note(this.#now(), charge, 'reserved');
    detach('billing.tabs', this.#save(tab));
  }

  /** Puts what a former process has not settled on the tab of its call. */
  inherit(charge: LeftCharge): void {
    const tab = this.#of(charge.callLegId);
    tab.call = charge.call;
    tab.add(charge, charge.currency);
  }

  /** Writes a change, and with a call what it owes. */
  commit(change: Change): Promise<void> {
    const { call } = change;
    if (!call) return this.#ports.journal.commit(change);
    const tab = this.#of(call.providerCallId);
    tab.call = call;
    if (!isFinal(call.status)) {
      const written = this.#ports.journal.commit(together(change, tab.takeChange(call)));
      return change.refusable ? written.catch((error) => this.#refuse(tab, call, error)) : written;
    }
    this.#tabs.delete(call.providerCallId);
    tab.settleAll(this.#now(), call);
    return this.#ports.journal.commit(together(withCost(change, tab), tab.takeChange(call)));
  }

  /** The call does not come about: what was reserved for it is given back, and nothing is written. */
  #refuse(tab: Tab, call: CallRecord, error: unknown): never {
    tab.call = undefined;
    this.#tabs.delete(call.providerCallId);
    tab.settleAll(this.#now());
    throw error;
  }

  /** Settles what belongs to calls that are over, or were never written. Run once at the start. */
  async settleStrays(find: (callId: string) => Promise<CallRecord | undefined>): Promise<void> {
    for (const [legId, tab] of this.#tabs) {
      const call = tab.call && (await find(tab.call.id).catch(() => undefined));
      if (!tab.call || (call && !isFinal(call.status))) continue;
      this.#tabs.delete(legId);
      tab.settleAll(this.#now(), call);
      await this.#save(tab);
    }
  }

  async #settle(tab: Tab, charge: Charge): Promise<void> {
    tab.settle(charge, this.#now());
    if (await this.#save(tab)) tab.forget(charge);
  }

  /** Until the call is written for the first time, its tab waits to be written with it. */
  async #save(tab: Tab): Promise<boolean> {
    if (!tab.call) return false;
    try {
      await this.#ports.journal.commit(tab.takeChange(tab.call));
      return true;
    } catch (error) {
      const { log } = this.#ports;
      log.error({ call_id: tab.call.id, error: explain(error) }, 'what a call owes could not be written');
      return false;
    }
  }

  #of(legId: string): Tab {
    const known = this.#tabs.get(legId);
    if (known) return known;
    const tab = new Tab();
    this.#tabs.set(legId, tab);
    return tab;
  }

  #now(): number {
    return Math.round(this.#ports.clock.now());
  }
}

/** The change that ends a call, and its last event, with what the call has cost. */
function withCost(change: Change, { cost }: Tab): Change {
  const call = { ...change.call!, ...cost };
  if (cost.costAmount === null) return { ...change, call };
  const told = { cost_amount: formatAmount(cost.costAmount), cost_currency: cost.costCurrency };
  const events = change.events?.map((event) => ({ ...event, call, data: { ...event.data, ...told } }));
  return { ...change, call, ...(events ? { events } : {}) };
}

function together(change: Change, more: Change): Change {
  return { ...change, ...more, timeline: [...(change.timeline ?? []), ...(more.timeline ?? [])] };
}
