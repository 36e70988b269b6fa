import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clips, tone } from '../media/testing/harness.ts';
import type { PhoneContact } from './routes.ts';
import { type Bench, type FarEnd, HERE, makeBench, trunk } from './testing/bench.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await makeBench();
});

afterEach(() => bench.end());

describe('a phone in two places', () => {
  const places = ['10.0.0.5', '10.0.0.6'];
  const contact = (address: string): PhoneContact => ({
    uri: `sip:anna@${address}`,
    hop: { transport: 'udp', address, port: 5060 },
    route: [],
  });

  beforeEach(async () => {
    await bench.end();
    bench = await makeBench({ phone: () => places.map(contact) });
  });

  test('rings in both; the first who answers has the call, and the other is let go', async () => {
    const desk = await bench.farEnd(places[0]!, (invite) => invite.progress(180));
    const mobile = await bench.farEnd(places[1]!, (invite) => {
      bench.clock.after(1000, () => void invite.accept(mobile.sdp));
    });
    const leg = await bench.dial(`sip:anna@${HERE}`);
    expect(await bench.outcome(leg, 2000)).toBe('answered');
    expect(desk.invites[0]!.pending).toBe(false);
    void leg.sound.play(clips(tone(440, 200)));
    await bench.clock.advance(300);
    expect(mobile.phone.heard.length).toBeGreaterThanOrEqual(9);
    expect(desk.phone.heard).toHaveLength(0);
  });

  test('that both answer at once is hung up on in one of them', async () => {
    const ends = await Promise.all(
      places.map(async (place) => {
        const far: FarEnd = await bench.farEnd(place, (invite) => void invite.accept(far.sdp));
        return far;
      }),
    );
    expect(await bench.outcome(await bench.dial(`sip:anna@${HERE}`), 500)).toBe('answered');
    const talking = ends.map(({ agent }) => agent.counters.open.dialogs);
    expect(talking.toSorted()).toEqual([0, 1]);
  });

  test('rings on in one when it is busy in the other, and tells what says most', async () => {
    await bench.farEnd(places[0]!, (invite) => invite.reject(486));
    const mobile = await bench.farEnd(places[1]!, (invite) => {
      bench.clock.after(1000, () => invite.reject(480));
    });
    const leg = await bench.dial(`sip:anna@${HERE}`);
    await bench.clock.advance(500);
    expect(mobile.invites[0]!.pending).toBe(true);
    expect(await bench.outcome(leg, 1000)).toBe('busy 486');
  });

  test('is refused in both when one refuses for good', async () => {
    await bench.farEnd(places[0]!, (invite) => invite.reject(603));
    const mobile = await bench.farEnd(places[1]!, (invite) => invite.progress(180));
    expect(await bench.outcome(await bench.dial(`sip:anna@${HERE}`), 500)).toBe('rejected 603');
    expect(mobile.invites[0]!.pending).toBe(false);
  });
});

describe('a trunk that encrypts', () => {
  const secured = (sdp: string) =>
    sdp.replace('RTP/AVP 0', 'RTP/SAVP 0') +
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${'B'.repeat(40)}\r\n`;

  test('is offered nothing else, and plain sound is no answer', async () => {
    const first = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(first.sdp));
    bench.trunks.push(trunk('10.0.0.2', { srtp: true }));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('rejected 488');
    expect(first.invites[0]!.offer).toMatch(/m=audio \d+ RTP\/SAVP 0 8/);
  });

  test('is talked with, and the one after it as it wishes', async () => {
    const first = await bench.farEnd('10.0.0.2', (invite) => invite.reject(503));
    const second = await bench.farEnd('10.0.0.3', (invite) => void invite.accept(second.sdp));
    bench.trunks.push(trunk('10.0.0.2', { srtp: true }), trunk('10.0.0.3'));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('answered');
    expect(first.invites[0]!.offer).toContain('RTP/SAVP');
    expect(second.invites[0]!.offer).toContain('RTP/AVP');
    const third = await bench.farEnd('10.0.0.4', (invite) => void invite.accept(secured(third.sdp)));
    bench.trunks.splice(0, 2, trunk('10.0.0.4', { srtp: true }));
    const leg = await bench.dial('+4930123456');
    expect(await bench.outcome(leg)).toBe('answered');
    void leg.sound.play(clips(tone(440, 100)));
    await bench.clock.advance(200);
    // Ten octets more than plain sound: the tag.
    expect(third.phone.heard[0]!.octets.length).toBe(170);
  });
});

test('nobody is called before the call may be', async () => {
  const far = await bench.farEnd('10.0.0.5', (invite) => void invite.accept(far.sdp));
  const written = Promise.withResolvers<void>();
  const leg = await bench.dial('sip:anna@10.0.0.5', { after: written.promise });
  await bench.clock.advance(1000);
  expect(far.invites).toHaveLength(0);
  written.resolve();
  expect(await bench.outcome(leg, 500)).toBe('answered');
});
