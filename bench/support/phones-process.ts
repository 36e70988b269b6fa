/** Phones in a process on a core of their own, so that their CPU and memory are not those of the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { sleep, systemClock } from '../../src/core/index.ts';
import { Phones, type PhonesOptions } from './phones.ts';
import { droppedAt, pin } from './process.ts';
import type { Packets } from './rtp-streams.ts';

/** So many calls to one number, so many per second. */
export interface Calling {
  server: { host: string; port: number };
  to: string;
  calls: number;
  rate: number;
}

/** What the phones have seen so far. */
export interface Report extends Packets {
  /** Phones that are in a call now, callers and called ones. */
  inCall: number;
  /** Packets to the server that the kernel dropped because they were not read in time. */
  dropped: number;
  /** CPU that the phones have used. */
  cpuMs: number;
  /** When this was, by `performance.now()`. */
  at: number;
}

type Order = { do: 'call'; calling: Calling } | { do: 'report' } | { do: 'hang_up' };

/** The far side of phones in another process. They answer all callers. */
export class PhonesProcess {
  #child: ChildProcess;
  readonly address: string;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(options: PhonesOptions, core: number): Promise<PhonesProcess> {
    const child = fork(import.meta.filename, [JSON.stringify(options)]);
    pin(child.pid!, core);
    const [address] = await once(child, 'message');
    return new PhonesProcess(child, address);
  }

  /** Resolves when each call is answered, and talks, or is refused. */
  call(calling: Calling): Promise<Report> {
    return this.#ask({ do: 'call', calling });
  }

  report(): Promise<Report> {
    return this.#ask({ do: 'report' });
  }

  hangUpAll(): Promise<Report> {
    return this.#ask({ do: 'hang_up' });
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(order: Order): Promise<Report> {
    const died = () => reject(new Error('the process of the phones has ended'));
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    this.#child.once('exit', died);
    this.#child.once('message', (report: Report) => {
      this.#child.off('exit', died);
      resolve(report);
    });
    this.#child.send(order);
    return promise;
  }
}

async function callAll(phones: Phones, { server, to, calls, rate }: Calling): Promise<void> {
  const began = performance.now();
  const calling = [];
  for (let n = 0; n < calls; n++) {
    const early = began + (n * 1000) / rate - performance.now();
    if (early > 1) await sleep(systemClock, early);
    // A call may be refused while others are still placed: it is not among those in a call.
    calling.push(phones.call(server, to, `+1555765${1000 + n}`).catch(() => undefined));
  }
  await Promise.all(calling);
}

function reportOf(phones: Phones): Report {
  const { user, system } = process.cpuUsage();
  return {
    ...phones.packets(),
    inCall: phones.count,
    dropped: droppedAt(phones.remotePorts()),
    cpuMs: (user + system) / 1000,
    at: performance.now(),
  };
}

if (import.meta.main) {
  process.on('disconnect', () => process.exit());
  const phones = await Phones.start(JSON.parse(process.argv[2]!));
  phones.answerAll();
  const obey = async (order: Order) => {
    // Taken before the hangup, which closes the ports.
    const { dropped } = reportOf(phones);
    if (order.do === 'call') await callAll(phones, order.calling);
    if (order.do === 'hang_up') await phones.hangUpAll();
    const report = reportOf(phones);
    process.send!({ ...report, dropped: Math.max(dropped, report.dropped) });
  };
  process.on('message', (order: Order) => void obey(order));
  process.send!(phones.address);
}
