import { describe, expect, it } from 'vitest';
import { type Failure, seededRandom } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { RtpPorts } from './rtp-ports.ts';

const random = seededRandom(7);
const allocate = (ports: RtpPorts, count: number) => Array.from({ length: count }, () => ports.allocate());

describe('the pool of RTP ports', () => {
  it('allocates each even port whose odd neighbor is in the range once', () => {
    const ports = new RtpPorts({ from: 20_001, to: 20_010 }, new VirtualClock(), random);
    expect(allocate(ports, 4).sort()).toEqual([20_002, 20_004, 20_006, 20_008]);
  });

  it('fails when no port is left', () => {
    const ports = new RtpPorts({ from: 20_000, to: 20_001 }, new VirtualClock(), random);
    ports.allocate();
    expect(() => ports.allocate()).toThrow(expect.objectContaining({ code: 'no_media_port' }) as Failure);
  });

  it('does not reuse a released port for five seconds', async () => {
    const clock = new VirtualClock();
    const ports = new RtpPorts({ from: 20_000, to: 20_001 }, clock, random);
    ports.release(ports.allocate());
    await clock.advance(4_999);
    expect(() => ports.allocate()).toThrow('no RTP port is free');
    await clock.advance(1);
    expect(ports.allocate()).toBe(20_000);
  });

  it('starts at a random port, so that a restart does not receive packets of earlier calls', () => {
    const first = (seed: number) =>
      new RtpPorts({ from: 20_000, to: 29_999 }, new VirtualClock(), seededRandom(seed)).allocate();
    expect(new Set([1, 2, 3].map(first)).size).toBe(3);
  });
});
