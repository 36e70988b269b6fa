import { seconds } from './caller.ts';
import type { Chapter } from './fault.ts';
import { accountOf, type World } from './world.ts';

/** What the metrics tell of refused calls. */
async function refusals(world: World): Promise<string> {
  const rows = [
    ...(await world.harness.server.metrics()).matchAll(/^minivoice_(calls_refused_total\{.*\}) ([1-9].*)$/gm),
  ];
  return rows.map(([, name, value]) => `\`minivoice_${name}\` ${value}`).join(', ');
}

/** One call more than the machine may take. */
export const load: Chapter = {
  title: 'Load',
  env: { MINIVOICE_MAX_CALLS: '1' },
  faults: [
    {
      name: 'one call more than `MINIVOICE_MAX_CALLS`',
      async happen(world) {
        const line = await world.harness.line([{ play: { url: world.harness.tone(1000, 2500) } }]);
        const first = await world.call(line);
        const second = await world.call(line);
        await second.close();
        await first.hungUp();
        const account = await accountOf(line);
        const third = await world.call(line);
        await third.hangUp();
        const kept = first.heardOf(2500);
        const said = world.harness.server.log.find((each) => each.includes('new calls are refused'));
        return {
          caller: `${second.outcome()}; the running call ${kept}; the next call is ${third.status === 200 ? 'accepted' : third.status}`,
          application: await account.events(),
          operator: `${await refusals(world)}; log: \`${JSON.parse(said ?? '{}').msg}\``,
        };
      },
      promised: {
        caller:
          'is refused with 503 and Retry-After; the running call hears everything; the next call is accepted',
        application: '`call.completed` (`application`)',
        operator:
          '`minivoice_calls_refused_total{cause="max_calls"}` 1; log: `new calls are refused: the limit MINIVOICE_MAX_CALLS is reached`',
      },
    },
  ],
};

/** Ports for two calls, and further calls that are refused. */
export const ports: Chapter = {
  title: 'Ports',
  env: { MINIVOICE_RTP_PORTS: '41000-41003' },
  faults: [
    {
      name: 'more calls than `MINIVOICE_RTP_PORTS` has ports for',
      slow: true,
      async happen(world) {
        const line = await world.harness.line([{ play: { url: world.harness.tone(1000, 2500) } }]);
        const running = [await world.call(line), await world.call(line)];
        const third = await world.call(line);
        await third.close();
        const fourth = await world.call(line);
        await fourth.close();
        await Promise.all(running.map((each) => each.hungUp()));
        const account = await accountOf(line);
        // Ports rest for five seconds before another call gets them.
        await seconds(5.5);
        const next = await world.call(line);
        await next.hangUp();
        const kept = [...new Set(running.map((each) => each.heardOf(2500)))].join(', ');
        return {
          caller: `${third.outcome()}, ${fourth.status === 503 ? 'and so is the next' : fourth.outcome()}; each running call ${kept}; ${next.status === 200 ? 'a call is accepted again' : next.status} when ports are free`,
          application: await account.events(),
          operator: await refusals(world),
        };
      },
      promised: {
        caller:
          'is refused with 503 and Retry-After, and so is the next; each running call hears everything; a call is accepted again when ports are free',
        application: '`call.completed` (`application`)',
        operator: '`minivoice_calls_refused_total{cause="ports"}` 1',
      },
    },
  ],
};
