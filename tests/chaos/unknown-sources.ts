import type { Chapter } from './fault.ts';

const WARNINGS = ['INVITE refused', 'source blocked after repeated refusals'];

/** As on a public machine, where this machine is an unknown source too. */
export const unknownSources: Chapter = {
  title: 'Unknown sources',
  env: { MINIVOICE_SIP_HOST: '0.0.0.0', MINIVOICE_PUBLIC_ADDRESS: '127.0.0.1' },
  atOnce: 1,
  faults: [
    {
      name: 'an unknown address calls ten times, and is then set as a trunk’s `inbound_ip`',
      async happen(world) {
        const line = await world.harness.line([{ pause: { seconds: 0.1 } }]);
        const outcomes = new Set<string>();
        for (let tries = 0; tries < 10; tries++) {
          const caller = await world.call(line);
          outcomes.add(caller.outcome());
          await caller.close();
        }
        const [silenced] = await world.harness.server.metricValues('sip_addresses_silenced_total');
        const { data } = await line.get('/v1/calls');
        const trunk = { name: 'carrier', proxy: '192.0.2.1', inbound_ip: '127.0.0.0/24' };
        await line.ask('POST', '/v1/trunks', trunk);
        const known = await world.call(line);
        await known.hungUp();
        const { log } = world.harness.server;
        const said = WARNINGS.filter((text) => log.some((each) => each.includes(`"msg":"${text}"`)));
        return {
          caller: `${[...outcomes].join(', ')}; ${known.status === 200 ? 'is answered' : known.outcome()} as a trunk`,
          application: data.length === 0 ? 'nothing' : `${data.length} calls`,
          operator: `\`minivoice_sip_addresses_silenced_total\` ${silenced}; log: ${said.map((text) => `\`${text}\``).join(', ')}`,
        };
      },
      promised: {
        caller: 'is refused with 403; is answered as a trunk',
        application: 'nothing',
        operator:
          '`minivoice_sip_addresses_silenced_total` 1; log: `INVITE refused`, `source blocked after repeated refusals`',
      },
    },
  ],
};
