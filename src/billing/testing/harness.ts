import { type Action, checkDocument } from '../../../contract/actions/index.ts';
import { Flows, type Services } from '../../actions/index.ts';
import {
  type CallRecord,
  Conferences,
  type DialedLeg,
  type Dialer,
  type DialRequest,
  endInterrupted,
  type Session,
  Switchboard,
} from '../../calls/index.ts';
import { SimulatedDialedLeg, SimulatedLeg } from '../../calls/testing/simulated-leg.ts';
import { Failure, Ids, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { Billing, billedDialer } from '../index.ts';
import { MemoryLedger } from './memory-ledger.ts';

export const CUSTOMER = 'cust_1';
/** Millionths per currency unit. */
export const UNIT = 1_000_000;

/** A dialed leg with a unique id. */
class FarEnd extends SimulatedDialedLeg {
  override readonly id = crypto.randomUUID();
}

class Caller extends SimulatedLeg {
  override readonly id = crypto.randomUUID();
}

/** Runs real calls, flows and billing in virtual time without telephony: tests play the far ends. */
export class BillingHarness {
  readonly clock: VirtualClock;
  readonly ledger: MemoryLedger;
  readonly ids: Ids;
  readonly billing: Billing;
  /** The dialed legs, in order. */
  readonly dialed: FarEnd[] = [];
  /** Whether a trunk exists. */
  trunk = true;
  #switchboard: Switchboard;
  #flows: Flows;
  #actions: Action[] = [];
  #dial: (request: DialRequest) => Promise<DialedLeg>;

  static async open(
    ledger = new MemoryLedger(),
    clock = new VirtualClock(),
    ids = new Ids(clock),
  ): Promise<BillingHarness> {
    const billing = await Billing.open({ store: ledger, journal: ledger, ids, clock, log: silentLog });
    return new BillingHarness(ledger, clock, ids, billing);
  }

  private constructor(ledger: MemoryLedger, clock: VirtualClock, ids: Ids, billing: Billing) {
    this.ledger = ledger;
    this.ids = ids;
    this.clock = clock;
    this.billing = billing;
    const check = () => {
      if (!this.trunk) throw new Failure('no_active_trunk', 'No active trunk can carry the call.');
    };
    const dialer = billedDialer({ check, dial: async (request) => this.#ring(request) }, billing);
    this.#dial = (request) => dialer.dial(request);
    this.#flows = new Flows(servicesOver(clock, dialer, () => this.#actions));
    const { journal } = billing;
    const runFlow = (session: Session) => this.#flows.run(session);
    this.#switchboard = new Switchboard({ journal, clock, ids, runFlow, log: silentLog });
  }

  /** Kills the process of a harness, and does what the next start does. */
  static async restart(crashed: BillingHarness): Promise<BillingHarness> {
    const { clock } = crashed;
    const ledger = crashed.ledger.kill();
    const next = await BillingHarness.open(ledger, clock, crashed.ids);
    const store = { openCalls: () => ledger.openCalls() } as Parameters<typeof endInterrupted>[0];
    await endInterrupted(store, next.billing.journal, clock);
    await next.billing.settleOrphanedCharges(async (id) => ledger.calls.get(id));
    return next;
  }

  /** Places an outbound call that runs these actions when it is answered. */
  async place(to: string, ...actions: object[]): Promise<CallRecord> {
    const request = { destination: to, from: '+15550100000', customerId: CUSTOMER, timeoutMs: 60_000 };
    const leg = await this.#dial({ ...request, signal: new AbortController().signal });
    const placement = { leg, from: request.from, to, route, metadata: {}, variables: {} };
    return this.#switchboard.place(placement, (session) => this.#flows.run(session, checked(actions)));
  }

  /** Places an outbound call that is answered and lasts until it is ended. @returns its far end. */
  async connect(to = '+4930123'): Promise<FarEnd> {
    await this.place(to, { conference: { room: 'talk' } });
    const far = this.dialed.at(-1)!;
    far.farEndAnswers();
    await this.clock.advance(0);
    return far;
  }

  /** Lets an inbound call arrive that runs these actions. @returns its caller. */
  arrive(...actions: object[]): SimulatedLeg {
    const leg = new Caller(this.clock);
    this.#actions = checked(actions);
    void this.#switchboard.arrive({
      leg,
      from: '+15550001',
      to: '+15550002',
      route: { ...route, answerUrl: 'https://app.example/' },
    });
    return leg;
  }

  get calls(): CallRecord[] {
    return [...this.ledger.calls.values()];
  }

  /** Balance, reserved and spent, in currency units. */
  get money(): { balance: number; reserved: number; spent: number } {
    const { balance, reserved, spent } = this.billing.balance(CUSTOMER);
    return { balance: balance / UNIT, reserved: reserved / UNIT, spent: spent / UNIT };
  }

  /** Adds currency units to the balance, or takes them from it. */
  credit(units: number) {
    return this.billing.adjust(CUSTOMER, { amount: Math.round(units * UNIT), currency: 'EUR', note: '' });
  }

  /** Sets the price per minute of a prefix, in currency units. */
  rate(prefix: string, price: number, first = 1, further = 1, customerId: string | null = null) {
    const terms = { pricePerMinute: price * UNIT, firstIncrement: first, furtherIncrement: further };
    return this.billing.setRate({ customerId, prefix, currency: 'EUR', ...terms });
  }

  seconds(count: number): Promise<void> {
    return this.clock.advance(count * 1000);
  }

  #ring(request: DialRequest): FarEnd {
    const leg = new FarEnd(this.clock, request);
    this.dialed.push(leg);
    return leg;
  }
}

const route = {
  customerId: CUSTOMER,
  applicationId: 'app_1',
  answerUrl: 'https://app.example/answer',
  routeMode: 'webhook',
  routingTarget: 'app_1',
} as const;

function checked(actions: object[]): Action[] {
  const verdict = checkDocument({ actions });
  if (verdict.ok) return verdict.actions;
  throw new Error(JSON.stringify(verdict.details));
}

function servicesOver(clock: VirtualClock, dialer: Dialer, actions: () => Action[]): Services {
  const silence = { samples: new Int16Array(new SharedArrayBuffer(1600)) };
  const nothing = async () => {};
  const settings = {
    answerMethod: 'POST' as const,
    fallbackAnswerUrl: null,
    webhookUrl: null,
    webhookSecrets: [],
  };
  return {
    clock,
    dialer,
    conferences: new Conferences(),
    speaker: { async *speak() {} },
    warmVoices() {},
    sounds: { fetch: async () => ({ async *play() {}, release() {} }) },
    holdMusic: () => silence,
    seal: String,
    documents: { fetch: async () => actions() },
    recorder: () => ({
      ...{ start: nothing, stop: nothing, pause: nothing, resume: nothing },
      silently: (run) => run(),
    }),
    streams: () => ({ start() {}, stop() {} }),
    settings: () => ({ ...settings, faultMessage: null, voice: null, language: null, recordCalls: false }),
  };
}
