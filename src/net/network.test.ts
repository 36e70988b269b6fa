import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
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

  it('knows the addresses of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address } of own) expect(systemNetwork.hasAddress(address)).toBe(true);
    expect(systemNetwork.hasAddress('::ffff:127.0.0.1')).toBe(true);
    for (const other of ['198.51.100.7', '2001:db8::7', ''])
      expect(systemNetwork.hasAddress(other)).toBe(false);
  });
});

describe('MemoryNetwork', () => {
  networkConformance(async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork(clock, seededRandom(1));
    return { network, host: '10.0.0.1', elapse: () => clock.advance(5) };
  });
});
