/** Phones in a process of their own, so that their CPU and memory are not the bench's. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { sleep, systemClock } from '../../src/core/index.ts';
import { Phones } from './phones.ts';

/** So many calls to one number, so many a second. */
export interface Calling {
  server: { host: string; port: number };
  to: string;
  calls: number;
  rate: number;
}

/** Packets so far. */
export interface Packets {
  sent: number;
  received: number;
  /** Calls of the last ramp that were answered. */
  answered: number;
}

type Order = { do: 'call' | 'ramp'; calling: Calling } | { do: 'hang_up' };

/** The far side of phones in another process. */
export class PhonesProcess {
  #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param firstPort even; each phone takes the next even one for RTP. */
  static async start(firstPort: number): Promise<PhonesProcess> {
    const child = fork(import.meta.filename, [`${firstPort}`]);
    await once(child, 'message');
    return new PhonesProcess(child);
  }

  /** Resolves when all are answered and talk. */
  call(calling: Calling): Promise<Packets> {
    return this.#ask({ do: 'call', calling });
  }

  /** As `call`, but calls that are refused are only counted. */
  ramp(calling: Calling): Promise<Packets> {
    return this.#ask({ do: 'ramp', calling });
  }

  hangUpAll(): Promise<Packets> {
    return this.#ask({ do: 'hang_up' });
  }

  close(): void {
    this.#child.disconnect();
  }

  #ask(order: Order): Promise<Packets> {
    const died = () => reject(new Error('the process of the phones has ended'));
    const { promise, resolve, reject } = Promise.withResolvers<Packets>();
    this.#child.once('exit', died);
    this.#child.once('message', (packets: Packets) => {
      this.#child.off('exit', died);
      resolve(packets);
    });
    this.#child.send(order);
    return promise;
  }
}

/** @returns how many were answered. */
async function callAll(
  phones: Phones,
  { server, to, calls, rate }: Calling,
  needsAll: boolean,
): Promise<number> {
  const calling = [];
  for (let i = 0; i < calls; i++) {
    const call = phones.call(server, to, `+1555765${1000 + i}`);
    call.catch(() => {});
    calling.push(call);
    await sleep(systemClock, 1000 / rate);
  }
  if (needsAll) return (await Promise.all(calling)).length;
  return (await Promise.allSettled(calling)).filter(({ status }) => status === 'fulfilled').length;
}

if (import.meta.main) {
  const phones = await Phones.start(Number(process.argv[2]));
  let answered = 0;
  const tell = () => {
    const { sent, received } = phones;
    process.send!({ sent, received, answered } satisfies Packets);
  };
  const callAs = async ({ do: how, calling }: Extract<Order, { calling: Calling }>) => {
    answered = await callAll(phones, calling, how === 'call');
  };
  process.on('message', (order: Order) => {
    void (order.do === 'hang_up' ? phones.hangUpAll() : callAs(order)).then(tell);
  });
  process.on('disconnect', () => process.exit());
  tell();
}
