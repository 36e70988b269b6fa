import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIGITS } from '../audio/dtmf.ts';
import type { Digit } from '../audio/index.ts';
import { TelephoneEventReceiver } from './event-receiver.ts';
import { EVENT_PAYLOAD, TelephoneEventSender } from './event-sender.ts';
import { RTP_HEADER, RtpHeader } from './packet.ts';

/** Packets of key presses of 100 ms, 100 ms apart. */
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
  const presses: Digit[] = [];
  const header = new RtpHeader();
  const events = new TelephoneEventReceiver((digit) => presses.push(digit));
  const receive = (...packets: Buffer[]) => {
    for (const packet of packets) {
      expect(header.read(packet, 0, packet.length)).toBeNull();
      events.receive(header, packet);
    }
  };
  const wait = (beats: number) => {
    for (let i = 0; i < beats; i++) events.beat();
  };
  const digits = () => presses.map(({ digit }) => digit).join('');
  return { presses, receive, wait, digits };
}

describe('the packets of a press', () => {
  it('have the fields of RFC 4733 §2.5.1', () => {
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

  it('are three ends when the press is shorter than a packet', () => {
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

describe('a press is reported once', () => {
  it('when its first end packet arrives', () => {
    const { receive, presses } = receiver();
    const packets = packetsOf('5');
    receive(...packets.slice(0, 4));
    expect(presses).toEqual([]);
    receive(packets[4]!);
    expect(presses).toEqual([{ digit: '5', durationMs: 100 }]);
    receive(...packets.slice(5));
    expect(presses.length).toBe(1);
  });

  it('for each of the sixteen keys, across the wrap of the timestamp', () => {
    const { receive, digits } = receiver();
    receive(...packetsOf(DIGITS, 2 ** 32 - 8000));
    expect(digits()).toBe(DIGITS);
  });

  it('each time when the same key is pressed twice', () => {
    const { receive, digits } = receiver();
    receive(...packetsOf('77'));
    expect(digits()).toBe('77');
  });

  it('after a timeout when its ends were lost and nothing follows', () => {
    const { receive, wait, presses } = receiver();
    const packets = packetsOf('3');
    receive(...packets.slice(0, 4));
    wait(8);
    expect(presses).toEqual([]);
    wait(1);
    expect(presses).toEqual([{ digit: '3', durationMs: 80 }]);
    receive(...packets.slice(4));
    wait(20);
    expect(presses.length).toBe(1);
  });

  it('when its ends were lost and the next press starts', () => {
    const { receive, digits } = receiver();
    const packets = packetsOf('12');
    receive(...packets.slice(0, 4), ...packets.slice(7));
    expect(digits()).toBe('12');
  });

  it('when only one of its packets arrived', () => {
    for (let n = 0; n < 7; n++) {
      const { receive, wait, digits } = receiver();
      receive(packetsOf('9')[n]!);
      wait(10);
      expect(digits()).toBe('9');
    }
  });

  it('when its packets arrive after those of the next press', () => {
    const { receive, digits } = receiver();
    const packets = packetsOf('12');
    receive(...packets.slice(0, 5), ...packets.slice(7, 9), ...packets.slice(5, 7), ...packets.slice(9));
    expect(digits()).toBe('12');
  });

  it('when it lasts longer than the duration field can state', () => {
    const { receive, presses } = receiver();
    const packet = (timestamp: number, end: number, duration: number) => {
      const bytes = Buffer.alloc(16);
      Object.assign(new RtpHeader(), { timestamp, ssrc: 5 }).write(bytes);
      bytes.set([1, end], 12);
      bytes.writeUInt16BE(duration, 14);
      return bytes;
    };
    receive(packet(0, 0, 160), packet(0, 0, 65_535), packet(65_535, 0, 160), packet(65_535, 0x80, 14_465));
    expect(presses).toEqual([{ digit: '1', durationMs: 10_000 }]);
  });

  it('whatever is lost, repeated or reordered, as long as one of its packets arrives', () => {
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
        // A press is lost when the next press overtakes its only packet.
        if (
          arrivals.every(({ n }, i) => i === 0 || Math.floor(n / 7) >= Math.floor(arrivals[i - 1]!.n / 7))
        ) {
          expect(digits()).toBe(came.join(''));
        } else expect(digits().length).toBeLessThanOrEqual(came.length);
      }),
    );
  });
});

it('reports when a key goes down, before its press', () => {
  const reported: string[] = [];
  const events = new TelephoneEventReceiver(
    ({ digit }) => reported.push(digit),
    (digit) => reported.push(`${digit} down`),
  );
  const header = new RtpHeader();
  for (const packet of packetsOf('1')) {
    header.read(packet, 0, packet.length);
    events.receive(header, packet);
    reported.push('packet');
  }
  expect(reported.slice(0, 7)).toEqual(['1 down', 'packet', 'packet', 'packet', 'packet', '1', 'packet']);
});

it('ignores packets that are not a key', () => {
  const { receive, wait, presses } = receiver();
  const [packet] = packetsOf('1') as [Buffer];
  const flash = Buffer.from(packet);
  flash[RTP_HEADER] = 16;
  receive(flash, packet.subarray(0, RTP_HEADER + 3));
  wait(20);
  expect(presses).toEqual([]);
});

it('follows a sender that restarts with older timestamps', () => {
  const { receive, digits } = receiver();
  receive(...packetsOf('1', 900_000), ...packetsOf('2', 5000));
  expect(digits()).toBe('12');
});
