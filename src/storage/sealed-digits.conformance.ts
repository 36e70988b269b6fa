import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { Storage, StorageOptions } from './storage.ts';
import { aCall, anAttempt } from './testing/records.ts';

/**
 * Tests of sealed digits that every `Storage` must pass.
 * @param open opens the database; the suite closes it.
 */
export function sealedDigitsConformance(open: (options: StorageOptions) => Promise<Storage>): void {
  let storage: Storage;
  beforeAll(async () => {
    storage = await open({ clock: new VirtualClock(), hasWebhook: () => true });
  });
  afterAll(() => storage.close());

  describe('sealed digits', () => {
    async function gathered(at: number) {
      const call = aCall(storage.ids.next('call'), {});
      const data = { digits: '****', sealed_digits: 'sealed:x', note: 'he said "sealed_digits":"y"' };
      await storage.commit({ call, events: [{ event: 'call.gathered', at, call, data }] });
      return (await storage.events({ callId: call.id }, { limit: 1 })).data[0]!;
    }

    test('are erased with the accepted attempt', async () => {
      const event = await gathered(1_000);
      const { sealed_digits: _, ...data } = event.data;
      const attempt = anAttempt(storage.ids.next('dlv'), event.id, {});
      const done = { id: event.id, state: 'delivered', attempts: 1, nextAttemptAt: null } as const;
      await storage.saveAttempt(attempt, { ...done, data });
      expect(await storage.event(event.id)).toMatchObject({ ...done, data });
      expect((await storage.event(event.id))?.data).not.toHaveProperty('sealed_digits');
    });

    test('are erased if they are older than a moment, and nothing else is', async () => {
      const [old, fresh] = [await gathered(1_000), await gathered(3_000)];
      await storage.eraseSealed(2_000);
      const { sealed_digits: _, ...rest } = old.data;
      expect((await storage.event(old.id))?.data).toEqual(rest);
      expect((await storage.event(fresh.id))?.data).toEqual(fresh.data);
      await storage.eraseSealed(2_000);
    });
  });
}
