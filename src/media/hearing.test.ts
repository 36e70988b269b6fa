import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeG711, PCMU } from '../audio/codec/g711.ts';
import { DigitTone } from '../audio/dtmf.ts';
import type { Digit } from '../audio/index.ts';
import { ToneDetector } from '../audio/tone-detector.ts';
import { seededRandom } from '../core/index.ts';
import { TelephoneEventSender } from '../rtp/event-sender.ts';
import { RtpHeader } from '../rtp/packet.ts';
import type { Sound } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
});
afterEach(() => harness.end());

describe('a hold by address (port 0)', () => {
  it.each(['recvonly', 'inactive'] as const)(
    'sends nothing anywhere, and can be resumed: %s',
    async (direction) => {
      sound.connect(agreement(phone));
      phone.talk(sound.local, 500);
      await harness.beats(20);
      const sent: string[] = [];
      harness.network.filter = ({ from, to }) => {
        if (from.address === sound.local.address) sent.push(`${to.address}:${to.port}`);
        return true;
      };
      phone.stopTalking();
      sound.connect(agreement(phone, { direction, remote: { address: '0.0.0.0', port: 0 } }));
      void sound.play(clips(tone(700, 60_000)));
      await harness.beats(1000);
      expect(sent).toEqual([]);
      sound.connect(agreement(phone));
      phone.talk(sound.local, 500);
      await harness.beats(10);
      expect(sent.length).toBeGreaterThan(8);
      sent.length = 0;
      sound.connect(agreement(phone, { direction, remote: { address: '0.0.0.0', port: 0 } }));
      phone.stopTalking();
      await harness.beats(5);
      await sound.close();
      await harness.beats(5);
      expect(sent).toEqual([]);
    },
  );
});

describe('latching', () => {
  it('sends to the address that RTP comes from, and not to the one in SDP', async () => {
    const said = await harness.phone({ port: 5000 });
    sound.connect(agreement(said));
    await harness.beats(5);
    expect(said.heard).toHaveLength(5);
    phone.talk(sound.local, 500);
    await harness.beats(10);
    expect(said.heard).toHaveLength(6);
    expect(phone.heard).toHaveLength(9);
  });

  it('accepts no other source from then on', async () => {
    sound.connect(agreement(phone, { telephoneEvent: null }));
    const digits: Digit[] = [];
    sound.digits.on((digit) => digits.push(digit));
    phone.talk(sound.local, 0);
    await harness.beats(5);
    const other = await harness.phone({ address: '10.0.0.66', port: 4000 });
    other.target = sound.local;
    await press(other, '5');
    await harness.beats(10);
    expect(digits).toEqual([]);
    expect(other.heard).toEqual([]);
    expect((await sound.close()).packetsReceived).toBeLessThanOrEqual(25);
  });

  it('ignores packets that are not audio of this call', async () => {
    sound.connect(agreement(phone));
    const other = await harness.phone({ address: '10.0.0.66', port: 4000 });
    other.target = sound.local;
    other.send(8, Buffer.alloc(160));
    other.send(96, Buffer.alloc(160));
    await harness.beats(5);
    expect(other.heard).toEqual([]);
    expect(phone.heard).toHaveLength(5);
  });

  it('ignores an early source while the far end is expected elsewhere', async () => {
    const thief = await harness.phone({ address: '10.0.0.66', port: 4000 });
    thief.talk(sound.local, 0);
    await harness.beats(5);
    sound.connect(agreement(phone, { signaledFrom: '10.0.0.9' }));
    await harness.beats(5);
    const nated = await harness.phone({ address: '10.0.0.9', port: 9000 });
    nated.talk(sound.local, 500);
    await harness.beats(60);
    expect(thief.heard).toEqual([]);
    expect(nated.heard.length).toBeGreaterThan(50);
  });

  it('accepts any source when the expected one has sent nothing for a second', async () => {
    const gateway = await harness.phone({ address: '10.0.0.66', port: 4000 });
    sound.connect(agreement(phone, { signaledFrom: '10.0.0.9' }));
    gateway.talk(sound.local, 500);
    await harness.beats(45);
    expect(gateway.heard).toEqual([]);
    await harness.beats(10);
    expect(gateway.heard.length).toBeGreaterThan(3);
    // A re-INVITE that changes nothing keeps it.
    const before = gateway.heard.length;
    sound.connect(agreement(phone, { signaledFrom: '10.0.0.9' }));
    await harness.beats(10);
    expect(gateway.heard.length - before).toBeGreaterThan(8);
  });

  it('accepts another source only after a new agreement', async () => {
    const second = await harness.phone({ address: '10.0.0.3', port: 4000 });
    sound.connect(agreement(phone));
    phone.talk(sound.local, 500);
    await harness.beats(5);
    second.talk(sound.local, 500);
    sound.connect(agreement(phone));
    await harness.beats(5);
    expect(second.heard).toEqual([]);
    phone.stopTalking();
    sound.connect(agreement(second));
    await harness.beats(5);
    expect(second.heard).toHaveLength(5);
  });

  it('keeps the source when only the direction changes', async () => {
    const said = { address: '192.168.1.2', port: 4000 };
    sound.connect(agreement(phone, { remote: said }));
    phone.talk(sound.local, 500);
    await harness.beats(5);
    phone.stopTalking();
    const before = phone.heard.length;
    sound.connect(agreement(phone, { remote: said, direction: 'sendonly' }));
    await harness.beats(5);
    expect(phone.heard.length - before).toBe(5);
  });
});

/** Sends a digit in-band for 100 ms. */
async function press(far: Phone, digit: string): Promise<void> {
  const maker = new DigitTone();
  maker.press(digit, 100);
  const samples = new Int16Array(160);
  for (let beat = 0; beat < 10; beat++) {
    maker.next(samples);
    const octets = new Uint8Array(160);
    encodeG711(PCMU, samples, 160, octets);
    far.send(0, octets);
    far.timestamp += 160;
    await harness.beats(1);
  }
}

describe('digits', () => {
  let digits: Digit[];
  beforeEach(() => {
    digits = [];
    sound.digits.on((digit) => digits.push(digit));
    phone.target = sound.local;
  });

  it('are reported once each as telephone events', async () => {
    sound.connect(agreement(phone));
    const sender = new TelephoneEventSender();
    for (const digit of '1#1') {
      sender.press(digit, 100, phone.timestamp);
      while (sender.busy) {
        const header = new RtpHeader();
        const payload = Buffer.alloc(4);
        sender.next(header, payload, 0);
        phone.send(101, payload, header.marker ? { marker: true } : {});
        await harness.beats(1);
      }
      phone.timestamp += 3200;
      await harness.beats(3);
    }
    expect(digits.map(({ digit }) => digit).join('')).toBe('1#1');
    expect(digits[0]!.durationMs).toBe(100);
  });

  it('are detected in-band where telephone events were not agreed on', async () => {
    sound.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    await harness.beats(10);
    expect(digits.map(({ digit }) => digit)).toEqual(['7']);
  });

  it('are detected in-band only while somebody listens', async () => {
    const other = await harness.engine.open();
    const second = await harness.phone({ address: '10.0.0.3' });
    second.target = other.local;
    const search = vi.spyOn(ToneDetector.prototype, 'listen');
    onTestFinished(() => search.mockRestore());
    other.connect(agreement(second, { telephoneEvent: null }));
    await press(second, '7');
    expect(search).not.toHaveBeenCalled();
    const heard: string[] = [];
    const stop = other.digits.on(({ digit }) => heard.push(digit));
    await harness.beats(10);
    await press(second, '8');
    await harness.beats(10);
    expect(search).toHaveBeenCalled();
    stop();
    await harness.beats(1);
    search.mockClear();
    await press(second, '9');
    await harness.beats(10);
    expect(search).not.toHaveBeenCalled();
    other.digits.on(({ digit }) => heard.push(digit));
    await harness.beats(10);
    expect(heard).toEqual(['8']);
  });

  it('that also arrive by signaling count once', async () => {
    sound.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    sound.signaled({ digit: '7', durationMs: 160 });
    sound.signaled({ digit: '8', durationMs: 160 });
    await harness.beats(10);
    expect(digits.map(({ digit }) => digit)).toEqual(['7', '8']);
  });

  it('are reported as held before they are reported', async () => {
    const reported: unknown[] = [];
    sound.held.on((down) => reported.push(down));
    sound.digits.on(({ digit }) => reported.push(digit));
    sound.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    await harness.beats(10);
    expect(reported).toEqual([true, '7', false]);
  });

  it('that are down when nobody listens any more are reported as up', async () => {
    const reported: boolean[] = [];
    const other = await harness.engine.open();
    const second = await harness.phone({ address: '10.0.0.3' });
    second.target = other.local;
    other.held.on((down) => reported.push(down));
    const stop = other.digits.on(() => {});
    other.connect(agreement(second, { telephoneEvent: null }));
    void press(second, '7');
    await harness.beats(6);
    expect(reported).toEqual([true]);
    stop();
    await harness.beats(6);
    expect(reported).toEqual([true, false]);
  });

  it('are not detected in-band where telephone events were agreed on', async () => {
    sound.connect(agreement(phone));
    await press(phone, '7');
    await harness.beats(10);
    expect(digits).toEqual([]);
  });

  it('are not reported while the far end is on hold', async () => {
    sound.connect(agreement(phone, { telephoneEvent: null, direction: 'sendonly' }));
    await press(phone, '7');
    await harness.beats(10);
    expect(digits).toEqual([]);
  });

  it('are not detected in our own audio', async () => {
    sound.connect(agreement(phone, { telephoneEvent: null }));
    void sound.play(clips(tone(697, 500)));
    await harness.beats(30);
    expect(digits).toEqual([]);
  });
});

it('survives garbage before the far end is known and after', async () => {
  const random = seededRandom(3);
  const socket = await harness.network.bind({ ...phone.local, port: 4444 }, () => {});
  const garbage = async () => {
    for (let i = 0; i < 500; i++) {
      const data = random.bytes(Math.floor(random.float() * 40));
      // Half of it begins like RTP or RTCP.
      if (data.length > 2 && i % 2) data.set([0x80, [0, 101, 200, 201, 203][i % 5]!]);
      for (const port of [sound.local.port, sound.local.port + 1])
        socket.send(data, { ...sound.local, port });
      if (i % 10 === 0) await harness.beats(1);
    }
  };
  await garbage();
  sound.connect(agreement({ ...phone, local: { ...phone.local, port: 4444 } } as Phone));
  await garbage();
  sound.connect(agreement(phone, { rtcpMux: true }));
  await harness.beats(60);
  phone.talk(sound.local, 500);
  await garbage();
  const heard = phone.heard.length;
  await harness.beats(50);
  expect(phone.heard).toHaveLength(heard + 50);
  await socket.close();
});
