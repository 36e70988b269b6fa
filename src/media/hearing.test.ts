import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeG711, PCMU } from '../audio/codec/g711.ts';
import { DigitTone } from '../audio/dtmf.ts';
import type { Digit } from '../audio/index.ts';
import { ToneDetector } from '../audio/tone-detector.ts';
import { seededRandom } from '../core/index.ts';
import { TelephoneEventSender } from '../rtp/event-sender.ts';
import { RtpHeader } from '../rtp/packet.ts';
import type { Sound } from './sound.ts';
import { agreement, type Bed, makeBed, sounds, tone } from './testing/bed.ts';
import type { Phone } from './testing/phone.ts';

let bed: Bed;
let audio: Sound;
let phone: Phone;

beforeEach(async () => {
  bed = await makeBed();
  audio = await bed.engine.open();
  phone = await bed.phone();
});
afterEach(() => bed.end());

describe('a hold by address (port 0)', () => {
  it.each(['recvonly', 'inactive'] as const)(
    'sends nothing anywhere, and can be resumed: %s',
    async (direction) => {
      audio.connect(agreement(phone));
      phone.talk(audio.local, 500);
      await bed.beats(20);
      const sent: string[] = [];
      bed.network.filter = ({ from, to }) => {
        if (from.address === audio.local.address) sent.push(`${to.address}:${to.port}`);
        return true;
      };
      phone.hush();
      audio.connect(agreement(phone, { direction, remote: { address: '0.0.0.0', port: 0 } }));
      void audio.play(sounds(tone(700, 60_000)));
      await bed.beats(1000);
      expect(sent).toEqual([]);
      audio.connect(agreement(phone));
      phone.talk(audio.local, 500);
      await bed.beats(10);
      expect(sent.length).toBeGreaterThan(8);
      sent.length = 0;
      audio.connect(agreement(phone, { direction, remote: { address: '0.0.0.0', port: 0 } }));
      phone.hush();
      await bed.beats(5);
      await audio.close();
      await bed.beats(5);
      expect(sent).toEqual([]);
    },
  );
});

describe('latching', () => {
  it('sends to where the far end is heard from, though it said otherwise', async () => {
    const said = await bed.phone({ port: 5000 });
    audio.connect(agreement(said));
    await bed.beats(5);
    expect(said.heard).toHaveLength(5);
    phone.talk(audio.local, 500);
    await bed.beats(10);
    expect(said.heard).toHaveLength(6);
    expect(phone.heard).toHaveLength(9);
  });

  it('hears nobody else from then on', async () => {
    audio.connect(agreement(phone, { telephoneEvent: null }));
    const digits: Digit[] = [];
    audio.digits.on((digit) => digits.push(digit));
    phone.talk(audio.local, 0);
    await bed.beats(5);
    const stranger = await bed.phone({ address: '10.0.0.66', port: 4000 });
    stranger.target = audio.local;
    await press(stranger, '5');
    await bed.beats(10);
    expect(digits).toEqual([]);
    expect(stranger.heard).toEqual([]);
    expect((await audio.close()).packetsReceived).toBeLessThanOrEqual(25);
  });

  it('is not done by what is no sound of this call', async () => {
    audio.connect(agreement(phone));
    const stranger = await bed.phone({ address: '10.0.0.66', port: 4000 });
    stranger.target = audio.local;
    stranger.send(8, Buffer.alloc(160));
    stranger.send(96, Buffer.alloc(160));
    await bed.beats(5);
    expect(stranger.heard).toEqual([]);
    expect(phone.heard).toHaveLength(5);
  });

  it('is not done by who was there first, while the far end is expected elsewhere', async () => {
    const thief = await bed.phone({ address: '10.0.0.66', port: 4000 });
    thief.talk(audio.local, 0);
    await bed.beats(5);
    audio.connect(agreement(phone, { signalledFrom: '10.0.0.9' }));
    await bed.beats(5);
    const nated = await bed.phone({ address: '10.0.0.9', port: 9000 });
    nated.talk(audio.local, 500);
    await bed.beats(60);
    expect(thief.heard).toEqual([]);
    expect(nated.heard.length).toBeGreaterThan(50);
  });

  it('is done by whoever speaks when nobody has for a second where it was expected', async () => {
    const gateway = await bed.phone({ address: '10.0.0.66', port: 4000 });
    audio.connect(agreement(phone, { signalledFrom: '10.0.0.9' }));
    gateway.talk(audio.local, 500);
    await bed.beats(45);
    expect(gateway.heard).toEqual([]);
    await bed.beats(10);
    expect(gateway.heard.length).toBeGreaterThan(3);
    // And stays heard there through a re-INVITE that changes nothing.
    const before = gateway.heard.length;
    audio.connect(agreement(phone, { signalledFrom: '10.0.0.9' }));
    await bed.beats(10);
    expect(gateway.heard.length - before).toBeGreaterThan(8);
  });

  it('is done again only after a new agreement', async () => {
    const second = await bed.phone({ address: '10.0.0.3', port: 4000 });
    audio.connect(agreement(phone));
    phone.talk(audio.local, 500);
    await bed.beats(5);
    second.talk(audio.local, 500);
    audio.connect(agreement(phone));
    await bed.beats(5);
    expect(second.heard).toEqual([]);
    phone.hush();
    audio.connect(agreement(second));
    await bed.beats(5);
    expect(second.heard).toHaveLength(5);
  });

  it('goes on sending to where the far end was heard when only the direction changes', async () => {
    const said = { address: '192.168.1.2', port: 4000 };
    audio.connect(agreement(phone, { remote: said }));
    phone.talk(audio.local, 500);
    await bed.beats(5);
    phone.hush();
    const before = phone.heard.length;
    audio.connect(agreement(phone, { remote: said, direction: 'sendonly' }));
    await bed.beats(5);
    expect(phone.heard.length - before).toBe(5);
  });
});

/** Presses a key the in-band way, in 100 ms. */
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
    await bed.beats(1);
  }
}

describe('digits', () => {
  let digits: Digit[];
  beforeEach(() => {
    digits = [];
    audio.digits.on((digit) => digits.push(digit));
    phone.target = audio.local;
  });

  it('are heard once each as telephone events', async () => {
    audio.connect(agreement(phone));
    const sender = new TelephoneEventSender();
    for (const digit of '1#1') {
      sender.press(digit, 100, phone.timestamp);
      while (sender.busy) {
        const header = new RtpHeader();
        const payload = Buffer.alloc(4);
        sender.next(header, payload, 0);
        phone.send(101, payload, header.marker ? { marker: true } : {});
        await bed.beats(1);
      }
      phone.timestamp += 3200;
      await bed.beats(3);
    }
    expect(digits.map(({ digit }) => digit).join('')).toBe('1#1');
    expect(digits[0]!.durationMs).toBe(100);
  });

  it('are heard in-band where telephone events were not agreed on', async () => {
    audio.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    await bed.beats(10);
    expect(digits.map(({ digit }) => digit)).toEqual(['7']);
  });

  it('are listened for in-band only while somebody wants them', async () => {
    const other = await bed.engine.open();
    const second = await bed.phone({ address: '10.0.0.3' });
    second.target = other.local;
    const search = vi.spyOn(ToneDetector.prototype, 'listen');
    onTestFinished(() => search.mockRestore());
    other.connect(agreement(second, { telephoneEvent: null }));
    await press(second, '7');
    expect(search).not.toHaveBeenCalled();
    const heard: string[] = [];
    const stop = other.digits.on(({ digit }) => heard.push(digit));
    await bed.beats(10);
    await press(second, '8');
    await bed.beats(10);
    expect(search).toHaveBeenCalled();
    stop();
    await bed.beats(1);
    search.mockClear();
    await press(second, '9');
    await bed.beats(10);
    expect(search).not.toHaveBeenCalled();
    other.digits.on(({ digit }) => heard.push(digit));
    await bed.beats(10);
    expect(heard).toEqual(['8']);
  });

  it('that come by signaling, too, count once', async () => {
    audio.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    audio.signaled({ digit: '7', durationMs: 160 });
    audio.signaled({ digit: '8', durationMs: 160 });
    await bed.beats(10);
    expect(digits.map(({ digit }) => digit)).toEqual(['7', '8']);
  });

  it('are told to be down before they are heard', async () => {
    const told: unknown[] = [];
    audio.held.on((down) => told.push(down));
    audio.digits.on(({ digit }) => told.push(digit));
    audio.connect(agreement(phone, { telephoneEvent: null }));
    await press(phone, '7');
    await bed.beats(10);
    expect(told).toEqual([true, '7', false]);
  });

  it('that are down when nobody listens any more are up', async () => {
    const told: boolean[] = [];
    const other = await bed.engine.open();
    const second = await bed.phone({ address: '10.0.0.3' });
    second.target = other.local;
    other.held.on((down) => told.push(down));
    const stop = other.digits.on(() => {});
    other.connect(agreement(second, { telephoneEvent: null }));
    void press(second, '7');
    await bed.beats(6);
    expect(told).toEqual([true]);
    stop();
    await bed.beats(6);
    expect(told).toEqual([true, false]);
  });

  it('are not heard in-band where telephone events were agreed on', async () => {
    audio.connect(agreement(phone));
    await press(phone, '7');
    await bed.beats(10);
    expect(digits).toEqual([]);
  });

  it('are not heard while the far end is on hold', async () => {
    audio.connect(agreement(phone, { telephoneEvent: null, direction: 'sendonly' }));
    await press(phone, '7');
    await bed.beats(10);
    expect(digits).toEqual([]);
  });

  it('do not hear our own voice', async () => {
    audio.connect(agreement(phone, { telephoneEvent: null }));
    void audio.play(sounds(tone(697, 500)));
    await bed.beats(30);
    expect(digits).toEqual([]);
  });
});

it('goes on hearing and sending whatever garbage comes, before the far end is known and after', async () => {
  const random = seededRandom(3);
  const socket = await bed.network.bind({ ...phone.local, port: 4444 }, () => {});
  const garbage = async () => {
    for (let i = 0; i < 500; i++) {
      const data = random.bytes(Math.floor(random.float() * 40));
      // Half of it begins as RTP or RTCP would.
      if (data.length > 2 && i % 2) data.set([0x80, [0, 101, 200, 201, 203][i % 5]!]);
      for (const port of [audio.local.port, audio.local.port + 1])
        socket.send(data, { ...audio.local, port });
      if (i % 10 === 0) await bed.beats(1);
    }
  };
  await garbage();
  audio.connect(agreement({ ...phone, local: { ...phone.local, port: 4444 } } as Phone));
  await garbage();
  audio.connect(agreement(phone, { rtcpMux: true }));
  await bed.beats(60);
  phone.talk(audio.local, 500);
  await garbage();
  const heard = phone.heard.length;
  await bed.beats(50);
  expect(phone.heard).toHaveLength(heard + 50);
  await socket.close();
});
