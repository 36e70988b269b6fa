import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START, STOP, talk, wait } from './support/flow.ts';
import { missing } from './support/peers.ts';
import { Sipp } from './support/sipp.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ MINIVOICE_DRAIN_SECONDS: '2' });
});
afterAll(() => stage.close());

describe.skipIf(missing.sipp)(`SIGTERM ${missing.sipp ?? ''}`, () => {
  it('lets running calls end, takes no new ones, and finalises everything', async () => {
    const [short, long] = await Promise.all([
      stage.line([START, wait(1), STOP]),
      stage.line([START, wait(60)]),
    ]);
    const calls = await Promise.all([short.call({ talk }), long.call({ talk })]);
    const [ending, staying] = calls.map(({ call }) => call);
    await Promise.all([ending!.next('recording.started'), staying!.next('recording.started')]);

    const gone = stage.server.terminate();
    await stage.server.logged('stopping');
    const refused = await Sipp.call(stage.server, { to: short.number, expect: 503 });
    await refused.done;
    expect((await ending!.next('recording.completed')).data['ended_by']).toBe('stop_recording');
    expect((await ending!.next('call.completed')).data['reason']).toBe('normal');
    const cut = await staying!.next('recording.completed');
    expect(cut.data['ended_by']).toBe('hangup');
    expect(cut.data['duration_ms']).toBeGreaterThan(1500);
    expect((await staying!.next('call.completed')).data['ended_by']).toBe('system');
    await Promise.all(calls.map(({ caller }) => caller.done));
    expect(await gone).toBe(0);

    await stage.restart();
    expect(await staying!.recordings()).toMatchObject([{ status: 'completed', recovered: false }]);
    expect((await staying!.hear()).durationMs).toBe(cut.data['duration_ms']);
  });
});
