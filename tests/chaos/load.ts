import { seconds } from './caller.ts';
import type { Chapter } from './fault.ts';
import { accountOf } from './world.ts';

/** One call more than the machine may take. */
export const load: Chapter = {
  title: 'Load',
  env: { MINIVOICE_MAX_CALLS: '1' },
  faults: [
    {
      name: 'one call more than `MINIVOICE_MAX_CALLS`',
      async happen(world) {
        const line = await world.stage.line([{ play: { url: world.stage.tone(1000, 2500) } }]);
        const first = await world.call(line);
        await seconds(0.5);
        const second = await world.call(line);
        await second.close();
        await first.hungUp();
        const account = await accountOf(line);
        const third = await world.call(line);
        await third.hangUp();
        const kept = first.loud > 2500 / 20 - 15 ? 'loses nothing' : `hears ${first.loud} frames`;
        const lines = world.stage.server.log.filter((each) => each.includes('"status":503'));
        return {
          caller: `${second.story}; the running call ${kept}; the next one is ${third.status === 200 ? 'taken' : third.status}`,
          application: await account.told(),
          operator: `log: \`${JSON.parse(lines[0] ?? '{}').msg}\` (${JSON.parse(lines[0] ?? '{}').error})`,
        };
      },
      promised: {
        caller: 'is refused with 503 and Retry-After; the running call loses nothing; the next one is taken',
        application: '`call.completed` (`application`)',
        operator: 'log: `INVITE refused` (No more calls can be taken now.)',
      },
    },
  ],
};
