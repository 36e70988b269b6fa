/** Phones in a process of their own, so that their CPU and memory are not the bench's. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { sleep, systemClock } from '../../src/kit/index.ts';
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
}

type Order = { do: 'call'; calling: Calling } | { do: 'hang_up' };

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

async function callAll(phones: Phones, { server, to, calls, rate }: Calling): Promise<void> {
  const calling = [];
  for (let i = 0; i < calls; i++) {
    calling.push(phones.call(server, to, `+1555765${1000 + i}`));
    await sleep(systemClock, 1000 / rate);
  }
  await Promise.all(calling);
}

if (import.meta.main) {
  const phones = await Phones.start(Number(process.argv[2]));
  const tell = () => process.send!({ sent: phones.sent, received: phones.received } satisfies Packets);
  process.on('message', (order: Order) => {
    void (order.do === 'call' ? callAll(phones, order.calling) : phones.hangUpAll()).then(tell);
  });
  process.on('disconnect', () => process.exit());
  tell();
}
