import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clips, tone } from '../media/testing/harness.ts';
import type { PhoneContact } from './outbound-routes.ts';
import { type FarEnd, type Harness, HERE, openHarness, trunk } from './testing/harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await openHarness();
});

afterEach(() => harness.end());

describe('a phone with two Contacts', () => {
  const addresses = ['10.0.0.5', '10.0.0.6'];
  const contact = (address: string): PhoneContact => ({
    uri: `sip:anna@${address}`,
    hop: { transport: 'udp', address, port: 5060 },
    route: [],
  });

  beforeEach(async () => {
    await harness.end();
    harness = await openHarness({ phone: () => addresses.map(contact) });
  });

  test('rings both; the first answer wins, and the other INVITE is canceled', async () => {
    const desk = await harness.farEnd(addresses[0]!, (invite) => invite.progress(180));
    const mobile = await harness.farEnd(addresses[1]!, (invite) => {
      harness.clock.after(1000, () => void invite.accept(mobile.sdp));
    });
    const leg = await harness.dial(`sip:anna@${HERE}`);
    expect(await harness.outcome(leg, 2000)).toBe('answered');
    expect(desk.invites[0]!.pending).toBe(false);
    void leg.sound.play(clips(tone(440, 200)));
    await harness.clock.advance(300);
    expect(mobile.phone.heard.length).toBeGreaterThanOrEqual(9);
    expect(desk.phone.heard).toHaveLength(0);
  });

  test('sends BYE to one of two that answer at once', async () => {
    const ends = await Promise.all(
      addresses.map(async (address) => {
        const far: FarEnd = await harness.farEnd(address, (invite) => void invite.accept(far.sdp));
        return far;
      }),
    );
    expect(await harness.outcome(await harness.dial(`sip:anna@${HERE}`), 500)).toBe('answered');
    const talking = ends.map(({ agent }) => agent.counters.open.dialogs);
    expect(talking.toSorted()).toEqual([0, 1]);
  });

  test('keeps ringing one when the other is busy, and reports the most relevant refusal', async () => {
    await harness.farEnd(addresses[0]!, (invite) => invite.reject(486));
    const mobile = await harness.farEnd(addresses[1]!, (invite) => {
      harness.clock.after(1000, () => invite.reject(480));
    });
    const leg = await harness.dial(`sip:anna@${HERE}`);
    await harness.clock.advance(500);
    expect(mobile.invites[0]!.pending).toBe(true);
    expect(await harness.outcome(leg, 1000)).toBe('busy 486');
  });

  test('cancels the other INVITE after a 6xx', async () => {
    await harness.farEnd(addresses[0]!, (invite) => invite.reject(603));
    const mobile = await harness.farEnd(addresses[1]!, (invite) => invite.progress(180));
    expect(await harness.outcome(await harness.dial(`sip:anna@${HERE}`), 500)).toBe('rejected 603');
    expect(mobile.invites[0]!.pending).toBe(false);
  });
});

describe('a trunk with encrypted media', () => {
  const secured = (sdp: string) =>
    sdp.replace('RTP/AVP 0', 'RTP/SAVP 0') +
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${'B'.repeat(40)}\r\n`;

  test('gets an offer of SRTP only, and unencrypted media is refused', async () => {
    const first = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(first.sdp));
    harness.trunks.push(trunk('10.0.0.2', { srtp: true }));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('rejected 488');
    expect(first.invites[0]!.offer).toMatch(/m=audio \d+ RTP\/SAVP 0 8/);
  });

  test('is followed by a trunk without encryption', async () => {
    const first = await harness.farEnd('10.0.0.2', (invite) => invite.reject(503));
    const second = await harness.farEnd('10.0.0.3', (invite) => void invite.accept(second.sdp));
    harness.trunks.push(trunk('10.0.0.2', { srtp: true }), trunk('10.0.0.3'));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('answered');
    expect(first.invites[0]!.offer).toContain('RTP/SAVP');
    expect(second.invites[0]!.offer).toContain('RTP/AVP');
    const third = await harness.farEnd('10.0.0.4', (invite) => void invite.accept(secured(third.sdp)));
    harness.trunks.splice(0, 2, trunk('10.0.0.4', { srtp: true }));
    const leg = await harness.dial('+4930123456');
    expect(await harness.outcome(leg)).toBe('answered');
    void leg.sound.play(clips(tone(440, 100)));
    await harness.clock.advance(200);
    // SRTP adds an authentication tag of ten bytes.
    expect(third.phone.heard[0]!.octets.length).toBe(170);
  });
});

test('sends no INVITE before `after` resolves', async () => {
  const far = await harness.farEnd('10.0.0.5', (invite) => void invite.accept(far.sdp));
  const written = Promise.withResolvers<void>();
  const leg = await harness.dial('sip:anna@10.0.0.5', { after: written.promise });
  await harness.clock.advance(1000);
  expect(far.invites).toHaveLength(0);
  written.resolve();
  expect(await harness.outcome(leg, 500)).toBe('answered');
});
