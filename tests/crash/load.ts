import { type Phone, Phones } from '../../bench/support/phones.ts';
import { sleep, systemClock } from '../../src/core/index.ts';
import type { Caller, World } from './callers/caller.ts';
import { calls } from './callers/inbound.ts';
import { ordered } from './callers/ordered.ts';
import { placed } from './callers/placed.ts';

/** One after the other. */
const CALLERS: readonly Caller[] = [
  calls('recorded'),
  placed,
  calls('bridged'),
  ordered,
  calls('paused'),
  calls('conference'),
  calls('streamed'),
];

/** A pending BYE is on disk some milliseconds after both sides know of the call. */
const KEPT_MS = 100;

export interface LoadPlan extends Omit<World, 'phones' | 'signal' | 'live'> {
  /** Simultaneous callers. */
  callers: number;
  /** The first RTP port. */
  firstPort: number;
  /** Receives every party that rings. */
  rung(user: string): void;
}

/** Callers of all kinds that call repeatedly while one server process lives. */
export class Load {
  #world: World;
  #stop = new AbortController();
  /** Calls that were active when the server died. */
  #cutOff: Phone[] = [];

  private constructor(plan: LoadPlan, phones: Phones) {
    this.#world = { ...plan, phones, signal: this.#stop.signal, live: new Set() };
  }

  static async start(plan: LoadPlan): Promise<Load> {
    const phones = await Phones.start({ firstPort: plan.firstPort });
    const load = new Load(plan, phones);
    const { live } = load.#world;
    phones.answerAll(plan.rung, (phone) => {
      live.add(phone);
      void phone.dialog.ended.then(() => live.delete(phone));
    });
    plan.receiver.peers = phones.address;
    const first = Math.floor(plan.random.float() * CALLERS.length);
    for (let n = 0; n < plan.callers; n++) void load.#callOften(first + n, `+1555765${1000 + n}`);
    return load;
  }

  /** The server has died: no new calls, and active parties stay in their calls. */
  cutOff(): void {
    this.#stop.abort(new Error('the server has died'));
    const now = performance.now();
    this.#cutOff = [...this.#world.live].filter(({ since }) => now - since > KEPT_MS);
  }

  /** Waits for the BYEs that a server owes its former peers. @returns their number, and who received none */
  async hungUp(ms: number): Promise<{ cutOff: number; left: Phone[] }> {
    const left = new Set(this.#cutOff);
    for (const phone of this.#cutOff)
      void phone.dialog.ended.then(({ by }) => by === 'remote' && left.delete(phone));
    for (let waited = 0; waited < ms && left.size > 0; waited += 20) await sleep(systemClock, 20);
    return { cutOff: this.#cutOff.length, left: [...left] };
  }

  async close(): Promise<void> {
    const { live, phones } = this.#world;
    this.#stop.abort(new Error('closed'));
    for (const phone of live) phone.silent = true;
    await phones.close();
  }

  /** One call of each kind after the other. */
  async #callOften(kind: number, from: string): Promise<void> {
    const { random, signal } = this.#world;
    await sleep(systemClock, random.float() * 300, signal).catch(() => {});
    for (let next = kind; !signal.aborted; next++) {
      await CALLERS[next % CALLERS.length]!(this.#world, from).catch(() => {});
    }
  }
}
