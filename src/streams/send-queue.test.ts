import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type QueuedMessage, SendQueue } from './send-queue.ts';

const steps = fc.array(
  fc.record({
    event: fc.constantFrom<(QueuedMessage['event'] | 'sent')[]>(
      'media',
      'media',
      'media',
      'dtmf',
      'mark',
      'sent',
    ),
    times: fc.integer({ min: 1, max: 300 }),
  }),
  { maxLength: 20 },
);

it('drops the oldest message of a kind, keeps the order, and never exceeds its limits', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 250 }), (steps, maxFrames) => {
      const queue = new SendQueue(maxFrames);
      let number = 0;
      let taken = 0;
      let model: QueuedMessage[] = [];
      const isMedia = ({ event }: QueuedMessage) => event === 'media';
      for (const { event, times } of steps) {
        for (let time = 0; time < times; time++) {
          if (event === 'sent') {
            const message = queue.shift();
            expect(message).toEqual(model.shift());
            if (message) taken++;
            continue;
          }
          const message = { event, rest: String(number++) };
          queue.push(message);
          const kept = model.filter((waiting) => isMedia(waiting) === isMedia(message));
          const tooMany = kept.length === (isMedia(message) ? maxFrames : 256) ? kept[0] : undefined;
          model = [...model.filter((waiting) => waiting !== tooMany), message];
        }
        expect(queue.length).toBe(model.length);
        expect(taken + queue.dropped + queue.length).toBe(number);
      }
    }),
    { numRuns: 40 },
  );
});
