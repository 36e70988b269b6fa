import { parentPort } from 'node:worker_threads';
import { explain } from '../../kit/index.ts';
import type { PartName, Parts, Scorecard } from '../insight.ts';
import { analyse } from './analyse.ts';
import type { Spoken } from './sentences.ts';

export interface Order {
  id: number;
  part: PartName;
  spoken: Spoken[];
  scorecard: Scorecard;
}

export type Answer = { id: number; data: Parts[PartName] } | { id: number; error: string };

parentPort!.on('message', ({ id, part, spoken, scorecard }: Order) => {
  const say = (answer: Answer) => parentPort!.postMessage(answer);
  try {
    say({ id, data: analyse(part, spoken, scorecard) });
  } catch (error) {
    say({ id, error: explain(error) });
  }
});
