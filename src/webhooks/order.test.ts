import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventRecord, Harness } from './testing/harness.ts';

const DAY = 24 * 3600 * 1000;

/** How the receiver treats an event: it fails `failures` times, each after `latency` ms, then accepts. */
const behavior = fc.record({
  failures: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, fc.constant(20)),
  gone: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  latency: fc.integer({ min: 0, max: 10_000 }),
  /** When the event is committed: milliseconds after the previous one. */
  after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60_000 })),
});

const calls = fc.array(fc.array(behavior, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });

it('keeps the order, and every event is accepted once or dead, whatever the receiver does', async () => {
  await fc.assert(
    fc.asyncProperty(calls, fc.integer({ min: 0, max: 300_000 }), async (calls, restartAt) => {
      const harness = new Harness();
      const behaviors = new Map(
        calls.flatMap((call, c) => call.map((behavior, i) => [`evt_call_${c}_${i + 1}`, behavior])),
      );
      const failed = new Map<string, number>();
      const settled = new Set<string>();
      const sentAfterEnd: string[] = [];
      const overtaken: string[] = [];
      harness.receiver = ({ event }) => {
        const [, , call, sequence] = event.split('_');
        if (settled.has(event)) sentAfterEnd.push(event);
        for (let i = 1; i < Number(sequence); i++) {
          const earlier = `evt_call_${call}_${i}`;
          if (!settled.has(earlier) && (failed.get(earlier) ?? 0) < 3)
            overtaken.push(`${earlier} by ${event}`);
        }
        const { failures, gone, latency } = behaviors.get(event)!;
        return new Promise((resolve) =>
          harness.clock.after(latency, () => {
            const before = failed.get(event) ?? 0;
            failed.set(event, before + 1);
            if (before >= failures || gone || before === 9) settled.add(event);
            resolve(before >= failures ? 200 : gone ? 410 : 500);
          }),
        );
      };
      for (const [c, call] of calls.entries()) {
        let at = 0;
        for (const [i, { after }] of call.entries()) {
          harness.clock.after((at += after), () => harness.commit(eventRecord(i + 1, `call_${c}`)));
        }
      }
      let drained: Promise<unknown> | undefined;
      harness.clock.after(restartAt, () => {
        drained = harness.deliveries.drain(DAY).then(() => harness.restart().start());
      });
      await harness.clock.advance(3 * DAY);
      await drained;

      expect(sentAfterEnd).toEqual([]);
      expect(overtaken).toEqual([]);
      for (const [id, { failures, gone }] of behaviors) {
        const accepted = harness.attempts.filter(({ eventId, error }) => eventId === id && error === null);
        const dies = failures > 0 && (gone || failures >= 10);
        expect([id, harness.events.get(id)?.state]).toEqual([id, dies ? 'dead' : 'delivered']);
        expect(accepted).toHaveLength(dies ? 0 : 1);
      }
      expect(harness.deliveries.counts.pending).toBe(0);
      await harness.deliveries.close();
      expect(harness.clock.pending).toBe(0);
    }),
    { numRuns: 60 },
  );
});
