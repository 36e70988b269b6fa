import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digit } from '../audio/index.ts';
import { TelephoneEventReceiver } from './event-receiver.ts';
import { RtpHeader } from './packet.ts';

/** An event packet. By default, its sequence number follows that of the previous packet. */
interface Sent {
  event: number;
  timestamp: number;
  duration: number;
  end?: boolean;
  marker?: boolean;
  ssrc?: number;
  sequence?: number;
}

function sender(clockRate = 8000) {
  const heard: Digit[] = [];
  const header = new RtpHeader();
  const events = new TelephoneEventReceiver((digit) => heard.push(digit));
  events.clockRate = clockRate;
  const receive = (...packets: Buffer[]) => {
    for (const packet of packets) {
      header.read(packet, 0, packet.length);
      events.receive(header, packet);
    }
  };
  const wait = (beats: number) => {
    for (let i = 0; i < beats; i++) events.beat();
  };
  const digits = () => heard.map(({ digit }) => digit).join('');
  let sequence = 65_500;
  const make = ({ event, timestamp, duration, end = false, ...more }: Sent) => {
    const bytes = Buffer.alloc(16);
    Object.assign(new RtpHeader(), { timestamp, ssrc: 5, sequence: sequence++ & 0xffff, ...more }).write(
      bytes,
    );
    bytes.set([event, end ? 0x8a : 0x0a], 12);
    bytes.writeUInt16BE(duration & 0xffff, 14);
    return bytes;
  };
  /** Sends each packet, then waits for this many beats. */
  const send = (packets: Sent[], beats = 1) => {
    for (const each of packets) {
      receive(make(each));
      wait(beats);
    }
  };
  return { send, make, receive, heard, digits, wait };
}

/** Five updates and three ends, as most senders send them, with `more` fields of packet k. */
const press = (event: number, timestamp: number, more: (k: number) => Partial<Sent> = () => ({})): Sent[] =>
  Array.from({ length: 8 }, (_, k) => ({
    ...{ event, timestamp, duration: 160 * Math.min(k + 1, 6), end: k >= 5 },
    ...more(k),
  }));
const updates = (packets: Sent[]) => packets.filter(({ end }) => !end);

describe('a sender in the field', () => {
  it.each<[string, number[], string]>([
    ['different keys', [1, 2, 3], '123'],
    ['the same key', [1, 1, 1], '111'],
    ['keys that return', [1, 2, 1, 1, 2], '12112'],
  ])('may give %s one timestamp', (_what, keys, expected) => {
    const { send, digits } = sender();
    for (const key of keys) send(press(key, 5000), 1);
    expect(digits()).toBe(expected);
  });

  it('may give keys one timestamp and no end', () => {
    const { send, digits, wait } = sender();
    for (const key of [1, 2, 3]) send(updates(press(key, 5000)));
    wait(10);
    expect(digits()).toBe('123');
  });

  it('may give a key that is pressed twice one timestamp and no end', () => {
    const { send, digits, wait } = sender();
    for (const key of [1, 1]) {
      send(updates(press(key, 5000)));
      wait(6);
    }
    wait(10);
    expect(digits()).toBe('11');
  });

  it.each<[string, (k: number) => Partial<Sent>]>([
    ['grow with the press', (k) => ({ timestamp: 5000 + 160 * k, duration: 160 * k })],
    ['grow from the first packet on', (k) => ({ timestamp: 5160 + 160 * k, duration: 160 * (k + 1) })],
    ['grow while the duration stays', (k) => ({ timestamp: 5000 + 160 * k, duration: 160 })],
    [
      'grow while the last duration is shorter',
      (k) => ({ timestamp: 5000 + 160 * k, duration: k < 5 ? 160 : 80 }),
    ],
    ['grow and return with the ends', (k) => ({ timestamp: k < 5 ? 5000 + 160 * k : 5000 })],
    ['differ in the ends', (k) => (k < 5 ? {} : { timestamp: 5960 })],
    ['differ in each end', (k) => (k < 5 ? {} : { timestamp: 5800 + 160 * (k - 4) })],
    [
      'differ in each end, which have no duration',
      (k) => (k < 5 ? {} : { timestamp: 5800 + 160 * (k - 4), duration: 0 }),
    ],
  ])('may have timestamps that %s', (_what, more) => {
    for (const drop of [[], [0], [0, 1, 2], [2, 3], [5], [5, 6], [3, 4, 5]]) {
      const { send, digits, wait } = sender();
      send(press(5, 5000, more).filter((_, k) => !drop.includes(k)));
      wait(10);
      expect([drop, digits()]).toEqual([drop, '5']);
      send(press(5, 9000, (k) => ({ ...more(k), timestamp: (more(k).timestamp ?? 5000) + 4000 })));
      wait(10);
      expect([drop, digits()]).toEqual([drop, '55']);
    }
  });

  it.each([1, 3, 6, 20, 25])('may send updates every %i beats, with and without ends', (beats) => {
    for (const packets of [press(7, 5000), updates(press(7, 5000))]) {
      const { send, digits, wait } = sender();
      send(
        packets.map((each) => ({ ...each, duration: each.duration * beats })),
        beats,
      );
      wait(20);
      send(
        packets.map((each) => ({ ...each, timestamp: 90_000, duration: each.duration * beats })),
        beats,
      );
      wait(20);
      expect(digits()).toBe('77');
    }
  });

  it.each([
    ['never', false],
    ['always', true],
  ])('may set the marker %s', (_what, marker) => {
    const { send, digits } = sender();
    for (const [n, key] of [1, 1, 2].entries()) send(press(key, 5000 + 2000 * n, () => ({ marker })));
    expect(digits()).toBe('112');
  });

  it('may send its keys without a pause', () => {
    const { send, digits } = sender();
    for (const [n, key] of [0, 1, 2, 3, 3, 4].entries()) send(press(key, 5000 + 960 * n));
    expect(digits()).toBe('012334');
  });

  it('may send nothing but ends', () => {
    const { send, digits } = sender();
    for (const [n, key] of [4, 4, 5].entries()) {
      send(
        Array.from({ length: 3 }, () => ({
          event: key,
          timestamp: 5000 + 1600 * n,
          duration: 800,
          end: true,
        })),
      );
    }
    expect(digits()).toBe('445');
  });

  it('may repeat its ends for long, even after the next key', () => {
    const { receive, make, digits } = sender();
    const ends = press(1, 5000).slice(5).map(make);
    const next = press(2, 7000).map(make);
    receive(...ends, next[0]!, ...ends, ...next.slice(1), ...ends, ...next);
    expect(digits()).toBe('12');
  });

  it('may pack keys that follow each other into one packet, and send it again', () => {
    const { receive, make, digits } = sender();
    const pack = () => {
      const second = Buffer.from([2, 0x8a, 0x03, 0x20, 3, 0x8a, 0x03, 0x20]);
      return Buffer.concat([make({ event: 1, timestamp: 5000, duration: 800, end: true }), second]);
    };
    receive(pack(), pack(), pack());
    expect(digits()).toBe('123');
  });

  it.each([1, 4, 156])('may pad its packets with %i octets', (octets) => {
    const { receive, make, digits } = sender();
    for (const each of press(9, 5000)) receive(Buffer.concat([make(each), Buffer.alloc(octets)]));
    expect(digits()).toBe('9');
  });

  it('may restart with any sequence number and timestamp', () => {
    const { send, digits } = sender();
    send(press(1, 900_000));
    send(press(1, 100, (k) => ({ sequence: 10 + k })));
    send(press(1, 4_000_000_000, (k) => ({ sequence: 60_000 + k, ssrc: 6 })));
    expect(digits()).toBe('111');
  });
});

describe('a long press', () => {
  const seconds = (count: number, packet: (elapsed: number) => Sent, clockRate = 8000) => {
    const { send, heard, wait } = sender(clockRate);
    const total = count * clockRate;
    const step = clockRate / 50;
    for (let elapsed = step; elapsed <= total; elapsed += step) send([packet(elapsed)]);
    for (let n = 0; n < 3; n++) send([{ ...packet(total), end: true }]);
    wait(10);
    return heard;
  };
  const segmented =
    (length: number, grows = false) =>
    (elapsed: number): Sent => {
      const segment = Math.floor((elapsed - 1) / length) * length;
      const duration = elapsed - segment;
      return { event: 1, timestamp: 1000 + segment + (grows ? duration : 0), duration };
    };

  it.each<[string, (elapsed: number) => Sent]>([
    ['in segments (RFC 4733 §2.5.1.3)', segmented(0xffff)],
    ['in segments of whole packets', segmented(65_440)],
    ['in segments of a second', segmented(8000)],
    [
      'whose duration stays at its greatest',
      (e) => ({ event: 1, timestamp: 1000, duration: Math.min(e, 0xffff) }),
    ],
    ['whose duration overflows', (e) => ({ event: 1, timestamp: 1000, duration: e & 0xffff })],
    [
      'whose duration begins anew each second',
      (e) => ({ event: 1, timestamp: 1000, duration: ((e - 1) % 8000) + 1 }),
    ],
    ['whose timestamp grows, too', (e) => ({ event: 1, timestamp: 1000 + e, duration: Math.min(e, 0xffff) })],
  ])('%s is one press', (_what, packet) => {
    for (const count of [1, 10, 20]) expect(seconds(count, packet).map(({ digit }) => digit)).toEqual(['1']);
  });

  it('is reported with its whole duration', () => {
    expect(seconds(10, segmented(0xffff))).toEqual([{ digit: '1', durationMs: 10_000 }]);
    expect(seconds(10, segmented(0xffff), 48_000)).toEqual([{ digit: '1', durationMs: 10_000 }]);
  });

  it('with updates 400 ms apart is one press', () => {
    const { send, digits, wait } = sender();
    for (let elapsed = 3200; elapsed < 240_000; elapsed += 3200) send([segmented(0xffff)(elapsed)], 20);
    wait(20);
    expect(digits()).toBe('1');
  });

  it('that never ends counts once, after half a minute', () => {
    const { send, digits, make, receive, wait } = sender();
    for (let elapsed = 160; elapsed < 8000 * 29; elapsed += 160) send([segmented(0xffff)(elapsed)]);
    expect(digits()).toBe('');
    for (let elapsed = 8000 * 29; elapsed < 8000 * 60; elapsed += 160) send([segmented(0xffff)(elapsed)]);
    receive(make({ ...segmented(0xffff)(8000 * 60), end: true }));
    wait(10);
    expect(digits()).toBe('1');
    send(press(1, 1_000_000));
    expect(digits()).toBe('11');
  });
});

/** Timestamp and duration of a packet in steps of 160. `late` is 0–2 for the ends. */
const STYLES: ((start: number, duration: number, end: boolean, late: number) => [number, number])[] = [
  (start, duration) => [start, duration],
  (_start, duration) => [5000, duration],
  (start, duration) => [start + duration, duration],
  (start, duration, _end, late) => [start + duration + 160 * late, duration + 160 * late],
  (start, duration, end) => [end ? start + duration : start, duration],
  (start, duration, end, late) => [end ? start + duration + 160 * late : start, duration],
];

describe('whatever is lost, repeated or swapped', () => {
  const key = fc.record({
    event: fc.nat(2),
    updates: fc.integer({ min: 2, max: 12 }),
    pause: fc.integer({ min: 3, max: 15 }),
  });
  const fates = fc.infiniteStream(fc.record({ lost: fc.nat(9), again: fc.nat(9), delay: fc.nat(20) }));

  function hear(
    keys: { event: number; updates: number; pause: number }[],
    style: number,
    fate: () => { copies: number; delay: number },
  ) {
    const { make, receive, digits, wait } = sender();
    const arrivals: { at: number; packet: Buffer }[] = [];
    let beat = 0;
    for (const { event, updates, pause } of keys) {
      const start = beat * 160;
      for (let k = 0; k < updates + 3; k++) {
        if (k < updates) beat++;
        const [end, late] = [k >= updates, Math.max(0, k - updates)];
        const [timestamp, duration] = STYLES[style]!(start, Math.min(k + 1, updates) * 160, end, late);
        const packet = make({ event, end, timestamp, duration });
        const { copies, delay } = fate();
        for (let copy = 0; copy < copies; copy++)
          arrivals.push({ at: beat + late / 10 + delay + copy, packet });
      }
      beat += pause;
    }
    let now = 0;
    for (const { at, packet } of arrivals.sort((a, b) => a.at - b.at)) {
      wait(Math.floor(at) - now);
      now = Math.floor(at);
      receive(packet);
    }
    wait(20);
    return digits();
  }

  it('no press counts twice, and each counts where nothing is lost', () => {
    fc.assert(
      fc.property(
        fc.array(key, { minLength: 1, maxLength: 5 }),
        fc.nat(STYLES.length - 1),
        fates,
        (keys, style, fates) => {
          const pressed = keys.map(({ event }) => event).join('');
          const harsh = () => {
            const { lost, again, delay } = fates.next().value;
            return { copies: lost < 2 ? 0 : again < 1 ? 2 : 1, delay: delay / 10 };
          };
          expect(hear(keys, style, () => ({ copies: 1, delay: 0 }))).toBe(pressed);
          expect(hear(keys, style, harsh).length).toBeLessThanOrEqual(pressed.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});
