import { type Phone, Phones } from '../../bench/support/phones.ts';
import { type Random, sleep, systemClock } from '../../src/kit/index.ts';

/** Callers that call, talk and hang up, over and over, until they are told to stop. */
export class Load {
  #phones: Phones;
  #random: Random;
  #stop = new AbortController();
  #live = new Set<Phone>();
  /** Calls that were up when the server died. */
  #cutOff: Phone[] = [];
  answered = 0;

  private constructor(phones: Phones, random: Random) {
    this.#phones = phones;
    this.#random = random;
  }

  static async start(
    server: { host: string; port: number },
    to: string,
    { callers, firstPort, random }: { callers: number; firstPort: number; random: Random },
  ): Promise<Load> {
    const load = new Load(await Phones.start(firstPort), random);
    for (let n = 0; n < callers; n++) void load.#callOften(server, to, `+1555765${1000 + n}`).catch(() => {});
    return load;
  }

  /** The server has died: nobody calls any more, and who was in a call stays there. */
  cutOff(): void {
    this.#stop.abort(new Error('the server has died'));
    this.#cutOff = [...this.#live];
  }

  /** Waits for the hangups that a server owes its former callers. @returns how many of how many have come. */
  async hungUp(ms: number): Promise<{ cutOff: number; hungUp: number }> {
    let hungUp = 0;
    for (const { dialog } of this.#cutOff) void dialog.ended.then(({ by }) => by === 'remote' && hungUp++);
    for (let waited = 0; waited < ms && hungUp < this.#cutOff.length; waited += 20)
      await sleep(systemClock, 20);
    return { cutOff: this.#cutOff.length, hungUp };
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('closed'));
    for (const phone of this.#live) phone.silent = true;
    await this.#phones.close();
    for (const phone of this.#live) phone.socket.close();
  }

  async #callOften(server: { host: string; port: number }, to: string, from: string): Promise<void> {
    const { signal } = this.#stop;
    await sleep(systemClock, this.#random.float() * 300, signal);
    while (!signal.aborted) {
      const phone = await this.#phones.call(server, to, from);
      this.answered++;
      this.#live.add(phone);
      const bored = sleep(systemClock, 300 + this.#random.float() * 2500, signal);
      await Promise.race([bored, phone.dialog.ended]);
      bored.catch(() => {});
      if (signal.aborted) return;
      this.#live.delete(phone);
      await this.#phones.hangUp(phone);
    }
  }
}
