import { serveJobs } from '../../core/index.ts';
import type { PartName, Parts, Scorecard } from '../insight.ts';
import { analyse } from './analyse.ts';
import type { Spoken } from './sentences.ts';

export interface Order {
  part: PartName;
  spoken: Spoken[];
  scorecard: Scorecard;
}

/** Nobody waits for it but those who read about calls afterwards. */
const NICE = 15;

serveJobs<Order, Parts[PartName]>(NICE, ({ part, spoken, scorecard }) => analyse(part, spoken, scorecard));
