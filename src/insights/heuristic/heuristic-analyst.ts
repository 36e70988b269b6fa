import { Worker } from 'node:worker_threads';
import type { Analyst, Material } from '../engines.ts';
import type { PartName, Parts } from '../insight.ts';
import type { Answer, Order } from './thread.ts';

/**
 * The analysis that comes with the program: rules, no account and no network. In a thread of its own, started
 * with the first call, since an hour of speech takes longer than the thread that carries calls may stand still.
 */
export class HeuristicAnalyst implements Analyst {
  readonly engine = 'heuristic';
  #worker: Worker | undefined;
  #waiting = new Map<number, PromiseWithResolvers<Parts[PartName]>>();
  #orders = 0;

  analyse<Name extends PartName>(part: Name, { spoken, scorecard }: Material): Promise<Parts[Name]> {
    this.#worker ??= this.#start();
    const waiting = Promise.withResolvers<Parts[PartName]>();
    const order: Order = { id: ++this.#orders, part, spoken, scorecard };
    this.#waiting.set(order.id, waiting);
    this.#worker.postMessage(order);
    return waiting.promise as Promise<Parts[Name]>;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#lost(new Error('the analysis was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { name: 'analysis' });
    const lost = (error: Error) => worker === this.#worker && this.#lost(error);
    worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer.data);
    });
    worker.on('error', lost);
    worker.on('exit', (code) => lost(new Error(`the thread of the analysis ended with ${code}`)));
    return worker;
  }

  #lost(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
