import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backlog, type Waiting } from './backlog.ts';

const steps = fc.array(
  fc.record({
    event: fc.constantFrom<(Waiting['event'] | 'sent')[]>('media', 'media', 'media', 'dtmf', 'mark', 'sent'),
    times: fc.integer({ min: 1, max: 300 }),
  }),
  { maxLength: 20 },
);

it('gives up only the oldest of its kind, keeps the order, and holds no more than it may', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 250 }), (steps, maxFrames) => {
      const backlog = new Backlog(maxFrames);
      let number = 0;
      let taken = 0;
      let model: Waiting[] = [];
      const isMedia = ({ event }: Waiting) => event === 'media';
      for (const { event, times } of steps) {
        for (let time = 0; time < times; time++) {
          if (event === 'sent') {
            const message = backlog.shift();
            expect(message).toEqual(model.shift());
            if (message) taken++;
            continue;
          }
          const message = { event, rest: String(number++) };
          backlog.push(message);
          const kept = model.filter((waiting) => isMedia(waiting) === isMedia(message));
          const tooMany = kept.length === (isMedia(message) ? maxFrames : 256) ? kept[0] : undefined;
          model = [...model.filter((waiting) => waiting !== tooMany), message];
        }
        expect(backlog.length).toBe(model.length);
        expect(taken + backlog.dropped + backlog.length).toBe(number);
      }
    }),
    { numRuns: 40 },
  );
});
