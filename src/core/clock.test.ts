import { describe } from 'vitest';
import { clockConformance } from './clock.conformance.ts';
import { sleep, systemClock } from './clock.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

describe('systemClock', () => {
  clockConformance(() => ({ clock: systemClock, run: (ms) => sleep(systemClock, ms) }));
});

describe('VirtualClock', () => {
  clockConformance(() => {
    const clock = new VirtualClock();
    return { clock, run: (ms) => clock.advance(ms) };
  });
});
