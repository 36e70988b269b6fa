import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIGITS } from '../audio/digits.ts';
import type { Digit } from '../audio/index.ts';
import { TelephoneEventReceiver } from './event-receiver.ts';
import { EVENT_PAYLOAD, TelephoneEventSender } from './event-sender.ts';
import { RTP_HEADER, RtpHeader } from './packet.ts';

/** The packets of key presses of 100 ms, with 100 ms between them. */
function packetsOf(digits: string, start = 1000): Buffer[] {
  const sender = new TelephoneEventSender();
  const packets: Buffer[] = [];
  [...digits].forEach((digit, n) => {
    sender.press(digit, 100, (start + n * 1600) >>> 0);
    for (;;) {
      const header = Object.assign(new RtpHeader(), { payloadType: 101, sequence: packets.length, ssrc: 5 });
      const packet = Buffer.alloc(RTP_HEADER + EVENT_PAYLOAD);
      if (!sender.next(header, packet, RTP_HEADER)) break;
      header.write(packet);
      packets.push(packet);
    }
  });
  return packets;
}

function receiver() {
  const heard: Digit[] = [];
  const header = new RtpHeader();
  const events = new TelephoneEventReceiver((digit) => heard.push(digit));
  const receive = (...packets: Buffer[]) => {
    for (const packet of packets) {
      expect(header.read(packet, 0, packet.length)).toBeNull();
      events.receive(header, packet);
    }
  };
  const wait = (beats: number) => {
    for (let i = 0; i < beats; i++) events.beat();
  };
  const digits = () => heard.map(({ digit }) => digit).join('');
  return { heard, receive, wait, digits };
}

describe('the packets of a press', () => {
  it('are as RFC 4733 §2.5.1 has them', () => {
    const header = new RtpHeader();
    const seen = packetsOf('#').map((packet) => {
      header.read(packet, 0, packet.length);
      const [event, flags] = packet.subarray(RTP_HEADER);
      const duration = packet.readUInt16BE(RTP_HEADER + 2);
      return [header.marker, header.timestamp, event, flags! >> 7, flags! & 0x3f, duration];
    });
    expect(seen).toEqual([
      [true, 1000, 11, 0, 10, 160],
      [false, 1000, 11, 0, 10, 320],
      [false, 1000, 11, 0, 10, 480],
      [false, 1000, 11, 0, 10, 640],
      [false, 1000, 11, 1, 10, 800],
      [false, 1000, 11, 1, 10, 800],
      [false, 1000, 11, 1, 10, 800],
    ]);
  });

  it('of a press shorter than a packet are its three ends', () => {
    const sender = new TelephoneEventSender();
    const header = new RtpHeader();
    sender.press('1', 5, 0);
    const packet = Buffer.alloc(4);
    const markers: boolean[] = [];
    while (sender.next(header, packet, 0)) markers.push(header.marker);
    expect(packet.toString('hex')).toBe('018a00a0');
    expect(markers.length).toBe(3);
    expect(markers[0]).toBe(true);
  });
});

describe('a press is told once', () => {
  it('when its first end packet comes', () => {
    const { receive, heard } = receiver();
    const packets = packetsOf('5');
    receive(...packets.slice(0, 4));
    expect(heard).toEqual([]);
    receive(packets[4]!);
    expect(heard).toEqual([{ digit: '5', durationMs: 100 }]);
    receive(...packets.slice(5));
    expect(heard.length).toBe(1);
  });

  it('for every one of the sixteen keys, the timestamp wrapping in between', () => {
    const { receive, digits } = receiver();
    receive(...packetsOf(DIGITS, 2 ** 32 - 8000));
    expect(digits()).toBe(DIGITS);
  });

  it('also when the same key is pressed twice', () => {
    const { receive, digits } = receiver();
    receive(...packetsOf('77'));
    expect(digits()).toBe('77');
  });

  it('when its ends were lost and nothing follows, after a while', () => {
    const { receive, wait, heard } = receiver();
    const packets = packetsOf('3');
    receive(...packets.slice(0, 4));
    wait(8);
    expect(heard).toEqual([]);
    wait(1);
    expect(heard).toEqual([{ digit: '3', durationMs: 80 }]);
    receive(...packets.slice(4));
    wait(20);
    expect(heard.length).toBe(1);
  });

  it('when its ends were lost and the next press begins', () => {
    const { receive, digits } = receiver();
    const packets = packetsOf('12');
    receive(...packets.slice(0, 4), ...packets.slice(7));
    expect(digits()).toBe('12');
  });

  it('when only one of its packets came', () => {
    for (let n = 0; n < 7; n++) {
      const { receive, wait, digits } = receiver();
      receive(packetsOf('9')[n]!);
      wait(10);
      expect(digits()).toBe('9');
    }
  });

  it('when packets of it come after those of the next', () => {
    const { receive, digits } = receiver();
    const packets = packetsOf('12');
    receive(...packets.slice(0, 5), ...packets.slice(7, 9), ...packets.slice(5, 7), ...packets.slice(9));
    expect(digits()).toBe('12');
  });

  it('when it lasts longer than a packet can say', () => {
    const { receive, heard } = receiver();
    const packet = (timestamp: number, end: number, duration: number) => {
      const bytes = Buffer.alloc(16);
      Object.assign(new RtpHeader(), { timestamp, ssrc: 5 }).write(bytes);
      bytes.set([1, end], 12);
      bytes.writeUInt16BE(duration, 14);
      return bytes;
    };
    receive(packet(0, 0, 160), packet(0, 0, 65_535), packet(65_535, 0, 160), packet(65_535, 0x80, 14_465));
    expect(heard).toEqual([{ digit: '1', durationMs: 10_000 }]);
  });

  it('whatever is lost, repeated or swapped, as long as one packet of it comes', () => {
    const packets = packetsOf('15*5550');
    const fate = fc.record({ copies: fc.nat(2), delay: fc.nat(3) });
    const fates = fc.array(fate, { minLength: packets.length, maxLength: packets.length });
    fc.assert(
      fc.property(fates, (fates) => {
        const arrivals = fates.flatMap(({ copies, delay }, n) =>
          Array.from({ length: copies }, () => ({ n, at: n + delay })),
        );
        const { receive, wait, digits } = receiver();
        for (const { n } of arrivals.sort((a, b) => a.at - b.at)) {
          receive(packets[n]!);
          wait(1);
        }
        wait(10);
        const came = [...'15*5550'].filter((_, press) =>
          arrivals.some(({ n }) => Math.floor(n / 7) === press),
        );
        // A press of which the only packet was overtaken by the next press is gone.
        if (
          arrivals.every(({ n }, i) => i === 0 || Math.floor(n / 7) >= Math.floor(arrivals[i - 1]!.n / 7))
        ) {
          expect(digits()).toBe(came.join(''));
        } else expect(digits().length).toBeLessThanOrEqual(came.length);
      }),
    );
  });
});

it('is told when a key goes down, before its press', () => {
  const told: string[] = [];
  const events = new TelephoneEventReceiver(
    ({ digit }) => told.push(digit),
    (digit) => told.push(`${digit} down`),
  );
  const header = new RtpHeader();
  for (const packet of packetsOf('1')) {
    header.read(packet, 0, packet.length);
    events.receive(header, packet);
    told.push('packet');
  }
  expect(told.slice(0, 7)).toEqual(['1 down', 'packet', 'packet', 'packet', 'packet', '1', 'packet']);
});

it('takes no notice of what is not a key', () => {
  const { receive, wait, heard } = receiver();
  const [packet] = packetsOf('1') as [Buffer];
  const flash = Buffer.from(packet);
  flash[RTP_HEADER] = 16;
  receive(flash, packet.subarray(0, RTP_HEADER + 3));
  wait(20);
  expect(heard).toEqual([]);
});

it('hears a sender that began anew with older timestamps', () => {
  const { receive, digits } = receiver();
  receive(...packetsOf('1', 900_000), ...packetsOf('2', 5000));
  expect(digits()).toBe('12');
});
