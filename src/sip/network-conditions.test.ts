import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dialog, DialogEnd } from './dialog/index.ts';
import { ANSWER, NONE_OPEN, OFFER, openPair, openResources, type Pair } from './testing/pair.ts';

const conditions = fc.record({
  delayMs: fc.integer({ min: 0, max: 300 }),
  jitterMs: fc.integer({ min: 0, max: 800 }),
  loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
  duplication: fc.double({ min: 0, max: 0.5, noNaN: true }),
});

/** What both sides do with the call, and when (ms). */
const scenarios = fc.record({
  seed: fc.integer(),
  conditions,
  reliable: fc.boolean(),
  ring: fc.option(fc.integer({ min: 0, max: 3000 })),
  answer: fc.option(fc.record({ at: fc.integer({ min: 0, max: 6000 }), status: fc.constantFrom(200, 486) })),
  cancelAt: fc.option(fc.integer({ min: 0, max: 6000 })),
  reinvites: fc.array(fc.record({ at: fc.integer({ min: 0, max: 20_000 }), near: fc.boolean() }), {
    maxLength: 3,
  }),
  byes: fc.array(fc.record({ at: fc.integer({ min: 0, max: 30_000 }), near: fc.boolean() }), {
    maxLength: 3,
  }),
});
type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;

/** Runs a scenario to its end. @returns the outcomes on each side. */
async function run(pair: Pair, { conditions, reliable, ring, answer, cancelAt, reinvites, byes }: Scenario) {
  const { clock, network, alice, bob } = pair;
  const dialogs = new Map<'near' | 'far', Dialog>();
  const endings: Record<'near' | 'far', DialogEnd[]> = { near: [], far: [] };
  const keep = (side: 'near' | 'far', dialog: Dialog) => {
    dialog.onOffer = () => ANSWER;
    dialogs.set(side, dialog);
    void dialog.ended.then((end) => endings[side].push(end));
  };
  network.conditions = conditions;
  const calls = { taken: 0, canceled: 0 };
  bob.onInvite = (invite) => {
    calls.taken++;
    void invite.canceled.then(() => calls.canceled++);
    if (ring !== null) clock.after(ring, () => invite.progress(183, { sdp: ANSWER }));
    if (!answer) return;
    clock.after(answer.at, () => {
      if (answer.status !== 200) invite.reject(answer.status);
      else
        invite.accept(ANSWER).then(
          (dialog) => keep('far', dialog),
          () => {},
        );
    });
  };
  const headers: [string, string][] = reliable ? [['Require', '100rel']] : [];
  const outgoing = alice.invite({
    target: 'sip:bob@10.0.0.2',
    from: 'sip:alice@10.0.0.1',
    sdp: OFFER,
    headers,
    timeoutMs: 60_000,
  });
  const results: string[] = [];
  void outgoing.result.then((result) => {
    results.push(result.kind);
    if (result.kind === 'accepted') keep('near', result.dialog);
  });
  if (cancelAt !== null) clock.after(cancelAt, () => outgoing.cancel());
  const side = (near: boolean) => dialogs.get(near ? 'near' : 'far');
  for (const { at, near } of reinvites)
    clock.after(
      at,
      () =>
        void side(near)
          ?.reinvite(OFFER)
          .catch(() => {}),
    );
  for (const { at, near } of byes) clock.after(at, () => void side(near)?.bye());
  await clock.advance(400_000);
  return { results, endings, calls, dialogs };
}

test('under any network conditions a call has one outcome on each side, and leaves nothing open', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const pair = await openPair({}, scenario.seed);
      const { results, endings, calls, dialogs } = await run(pair, scenario);
      expect(results).toHaveLength(1);
      expect(endings.near.length).toBeLessThanOrEqual(1);
      expect(endings.far.length).toBeLessThanOrEqual(1);
      expect(calls.taken).toBeLessThanOrEqual(1);
      expect(calls.canceled).toBeLessThanOrEqual(1);
      // Still open are calls that neither side has ended, and the callee's side of a lost CANCEL.
      expect(pair.alice.counters.open.transactions).toBe(0);
      expect(pair.bob.counters.open.transactions).toBeLessThanOrEqual(pair.bob.counters.open.invites);
      const established = [...dialogs.values()].filter(({ phase }) => phase === 'confirmed').length;
      const { alice, bob } = pair;
      const waiting = bob.counters.open.invites;
      expect(alice.counters.open.dialogs + bob.counters.open.dialogs).toBeLessThanOrEqual(
        established + waiting,
      );
      for (const { udp } of [alice.counters.transport, bob.counters.transport]) expect(udp.defects).toBe(0);
      const closing = Promise.all([pair.alice.close(), pair.bob.close()]);
      await pair.clock.advance(5000);
      await closing;
      expect(await openResources(pair)).toEqual(NONE_OPEN);
      for (const side of dialogs.keys()) expect(endings[side]).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
}, 60_000);

test('under conditions that let retransmissions arrive, a call is established and ended', async () => {
  const mild = fc.record({
    delayMs: fc.integer({ min: 0, max: 200 }),
    jitterMs: fc.integer({ min: 0, max: 400 }),
    loss: fc.double({ min: 0, max: 0.2, noNaN: true }),
    duplication: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(mild, fc.integer(), async (conditions, seed) => {
      const pair = await openPair({}, seed);
      const { results, endings } = await run(pair, {
        seed,
        conditions,
        reliable: true,
        ring: 10,
        answer: { at: 500, status: 200 },
        cancelAt: null,
        reinvites: [],
        byes: [{ at: 39_000, near: true }],
      });
      expect(results).toEqual(['accepted']);
      expect(endings.near.map(({ by }) => by)).toEqual(['local']);
      expect(endings.far.map(({ by }) => by)).toEqual(['remote']);
      expect(await openResources(pair)).toEqual(NONE_OPEN);
    }),
    { numRuns: 50 },
  );
}, 60_000);

test('random bytes leave nothing open', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), async (inputs) => {
      const pair = await openPair();
      const source = await pair.network.bind({ address: '10.0.0.66', port: 5060 }, () => {});
      for (const each of inputs) source.send(Buffer.from(each), { address: '10.0.0.2', port: 5060 });
      await pair.clock.advance(1000);
      expect(await openResources(pair)).toEqual(NONE_OPEN);
    }),
    { numRuns: 50 },
  );
});
