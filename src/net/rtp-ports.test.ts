import { describe, expect, it } from 'vitest';
import { type Failure, seededRandom } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { RtpPorts } from './rtp-ports.ts';

const random = seededRandom(7);
const take = (ports: RtpPorts, count: number) => Array.from({ length: count }, () => ports.take());

describe('the pool of RTP ports', () => {
  it('gives every even port whose neighbour is in the range, once', () => {
    const ports = new RtpPorts({ from: 20_001, to: 20_010 }, new VirtualClock(), random);
    expect(take(ports, 4).sort()).toEqual([20_002, 20_004, 20_006, 20_008]);
  });

  it('fails when none is left', () => {
    const ports = new RtpPorts({ from: 20_000, to: 20_001 }, new VirtualClock(), random);
    ports.take();
    expect(() => ports.take()).toThrow(expect.objectContaining({ code: 'no_media_port' }) as Failure);
  });

  it('lets a port rest for five seconds before it is used again', async () => {
    const clock = new VirtualClock();
    const ports = new RtpPorts({ from: 20_000, to: 20_001 }, clock, random);
    ports.give(ports.take());
    await clock.advance(4_999);
    expect(() => ports.take()).toThrow('no RTP port is free');
    await clock.advance(1);
    expect(ports.take()).toBe(20_000);
  });

  it('starts anywhere, so that a restart does not meet the packets of calls that were cut off', () => {
    const first = (seed: number) =>
      new RtpPorts({ from: 20_000, to: 29_999 }, new VirtualClock(), seededRandom(seed)).take();
    expect(new Set([1, 2, 3].map(first)).size).toBe(3);
  });
});
