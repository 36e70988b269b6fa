import { describe, expect, it } from 'vitest';
import { CallQueue } from './call-queue.ts';

/** CPU time that reading an INVITE, or refusing it, takes. */
const READ_MS = 0.1;
/** After this time the application has answered, and most of the work for the call follows. */
const ANSWER_MS = 20;
const STEP_MS = 0.25;

/** What calls cost, and how many arrive. Times are seconds since the start. */
interface Load {
  seconds: number;
  /** New calls per second. */
  offered: (at: number) => number;
  /** CPU time of the next call. */
  costMs: (calls: number) => number;
  /** The part of a core that the thread gets. */
  share?: (at: number) => number;
}

/** An event loop in virtual time. Each turn reads what has arrived, does what is due, and begins calls. */
class Machine {
  now = 0;
  refused = 0;
  /** Each call that has begun, with the time from its arrival until then. */
  calls: { at: number; waitedMs: number }[] = [];
  #run: (() => void) | undefined;
  #due: { at: number; costMs: number }[] = [];
  /** CPU time that the work of this turn takes. */
  #workMs = 0;
  queue = new CallQueue({ monotonic: () => this.now }, (run) => {
    this.#run = run;
  });

  async load({ seconds, offered, costMs, share = () => 1 }: Load): Promise<void> {
    const end = this.now + seconds * 1000;
    for (let arrival = this.now; this.now < end; ) {
      for (; arrival <= this.now; arrival += 1000 / offered(arrival / 1000)) {
        this.#workMs += READ_MS;
        if (this.queue.isFull) this.refused++;
        else void this.#call(arrival, costMs);
      }
      for (; this.#due[0] && this.#due[0].at <= this.now; this.#due.shift())
        this.#workMs += this.#due[0].costMs;
      const run = this.#run;
      this.#run = undefined;
      run?.();
      await settled();
      const isIdle = this.#workMs <= 0 && !this.#run;
      for (; this.#workMs > 0; this.now += STEP_MS) this.#workMs -= STEP_MS * share(this.now / 1000);
      if (isIdle) this.now = Math.min(arrival, this.#due[0]?.at ?? Number.POSITIVE_INFINITY);
    }
  }

  waits(from = 0, to = Number.POSITIVE_INFINITY): number {
    const during = this.calls.filter(({ at }) => at >= from * 1000 && at < to * 1000);
    return Math.max(0, ...during.map(({ waitedMs }) => waitedMs));
  }

  begun(from: number, to: number): number {
    return this.calls.filter(({ at }) => at >= from * 1000 && at < to * 1000).length;
  }

  async #call(at: number, costMs: (calls: number) => number): Promise<void> {
    await this.queue.turn();
    this.calls.push({ at: this.now, waitedMs: this.now - at });
    const cost = costMs(this.calls.length) - READ_MS;
    this.#workMs += cost / 4;
    this.#due.push({ at: this.now + ANSWER_MS, costMs: (cost * 3) / 4 });
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}

const steady = (value: number) => () => value;

describe('the queue of new calls', () => {
  it('delays no call on a thread with time to spare', async () => {
    const machine = new Machine();
    await machine.load({ seconds: 10, offered: steady(100), costMs: steady(2.5) });
    expect(machine.waits()).toBeLessThan(5);
    expect(machine.refused).toBe(0);
  });

  it('begins calls in the order of their arrival, four in each turn of the event loop', async () => {
    const turns: (() => void)[] = [];
    const queue = new CallQueue({ monotonic: () => 0 }, (run) => turns.push(run));
    const begun: number[] = [];
    const calls = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    for (const call of calls) void queue.turn().then(() => begun.push(call));
    for (const expected of [4, 8, 9]) {
      await settled();
      expect(begun).toEqual(calls.slice(0, expected));
      expect(queue).toMatchObject({ length: 9 - expected, begun: expected });
      turns.shift()!();
    }
    expect(turns).toEqual([]);
  });

  it('removes calls whose callers give up, without beginning them', async () => {
    const turns: (() => void)[] = [];
    const queue = new CallQueue({ monotonic: () => 0 }, (run) => turns.push(run));
    const settledCalls: number[] = [];
    for (let call = 1; call <= 9; call++) {
      const canceled = call >= 5 && call <= 8 ? Promise.resolve() : undefined;
      void queue.turn(canceled).then(() => settledCalls.push(call));
    }
    await settled();
    expect(queue).toMatchObject({ length: 1, begun: 4 });
    expect(settledCalls).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    turns.shift()!();
    expect(queue).toMatchObject({ length: 0, begun: 5 });
  });

  it.each([0.8, 0.9, 0.95])(
    'refuses nothing at %f of the capacity, although others take the core for moments',
    async (part) => {
      // Media threads take the core for 10 of every 20 ms, and another process for 300 ms of every two seconds.
      const share = (at: number) => ((at * 50) % 1 < 0.5 ? 0.05 : 1) * (at % 2 < 0.3 ? 0.1 : 1);
      const capacity = (1000 / 2.5) * (0.5 * 1.05) * (0.85 + 0.15 * 0.1);
      const machine = new Machine();
      await machine.load({ seconds: 60, offered: steady(part * capacity), costMs: steady(2.5), share });
      expect(machine.begun(0, 60)).toBeGreaterThan(0);
      expect(machine.refused).toBe(0);
    },
  );

  it.each([1.2, 2, 4, 10])('sets up as many calls as it can when %f times as many arrive', async (times) => {
    const machine = new Machine();
    const capacity = 400;
    await machine.load({ seconds: 30, offered: steady(times * capacity), costMs: steady(1000 / capacity) });
    const refusing = (times - 1) * capacity * READ_MS;
    expect(machine.begun(10, 30) / 20).toBeGreaterThan(0.9 * capacity * (1 - refusing / 1000));
    expect(machine.waits()).toBeLessThan(2500);
    expect(machine.waits(10)).toBeLessThan(300);
  });

  it('admits every call again when the overload is over', async () => {
    const machine = new Machine();
    await machine.load({ seconds: 20, offered: steady(800), costMs: steady(2.5) });
    const { refused } = machine;
    expect(refused).toBeGreaterThan(0);
    await machine.load({ seconds: 10, offered: steady(300), costMs: steady(2.5) });
    expect(machine.refused - refused).toBeLessThan(100);
    expect(machine.waits(22)).toBeLessThan(50);
  });

  it('refuses nothing in a process that has just started and runs slowly at first', async () => {
    const machine = new Machine();
    const costMs = (calls: number) => 2 + 10 * Math.exp(-calls / 50);
    await machine.load({ seconds: 20, offered: steady(300), costMs });
    expect(machine.refused).toBe(0);
    expect(machine.waits()).toBeLessThan(2000);
    expect(machine.waits(8)).toBeLessThan(50);
  });

  it('refuses nothing after a pause, when all calls that waited outside arrive at once', async () => {
    const machine = new Machine();
    for (let halt = 0; halt < 10; halt++) {
      await machine.load({ seconds: 5, offered: steady(200), costMs: steady(2.5) });
      machine.now += 2000;
    }
    expect(machine.refused).toBe(0);
  });
});
