import { describe } from 'vitest';
import { seededRandom, sleep, systemClock } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { networkConformance } from './network.conformance.ts';
import { systemNetwork } from './system-network.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

describe('systemNetwork', () => {
  networkConformance(async () => ({
    network: systemNetwork,
    host: '127.0.0.1',
    elapse: () => sleep(systemClock, 1),
  }));
});

describe('MemoryNetwork', () => {
  networkConformance(async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork(clock, seededRandom(1));
    return { network, host: '10.0.0.1', elapse: () => clock.advance(5) };
  });
});
