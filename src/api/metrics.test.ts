import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

const counts = { pending: 3, oldestMs: 1500, delivered: 5, failed: 1, dead: 2 };
const deps = { live: { size: 4 } as never, deliveries: { counts } as never };

/** The name, type and help of every MiniVoice metric in a text in the Prometheus format. */
function described(text: string) {
  const types = [...text.matchAll(/^# TYPE (minivoice_\S+) (\w+)$/gm)];
  return types.map(([, name, type]) => {
    return { name: name!, type, help: new RegExp(`^# HELP ${name} (.+)$`, 'm').exec(text)?.[1] };
  });
}

test('exports a name that ends in _total as a counter, and any other name as a gauge', async () => {
  const metrics = new Metrics({
    ...deps,
    metrics: {
      calls_refused_total: { help: 'Refused', label: 'cause', values: () => [['ports', 2] as const] },
      streams_open: { help: 'Open', value: () => 1 },
    },
  });
  const found = described(await metrics.text());
  const wrong = found.filter(
    ({ name, type }) => type !== 'histogram' && name.endsWith('_total') !== (type === 'counter'),
  );
  expect(wrong).toEqual([]);
  expect(found.filter(({ help }) => !help)).toEqual([]);
  expect(found).toContainEqual({ name: 'minivoice_calls_refused_total', type: 'counter', help: 'Refused' });
  expect(found).toContainEqual({ name: 'minivoice_streams_open', type: 'gauge', help: 'Open' });
});

test('a counter keeps its value when it is read twice', async () => {
  const metrics = new Metrics(deps);
  await metrics.text();
  const text = await metrics.text();
  expect(text).toMatch(/^minivoice_events_delivered_total 5$/m);
  expect(text).toMatch(/^minivoice_events_dead_total 2$/m);
  expect(text).toMatch(/^minivoice_deliveries_failed_total 1$/m);
});
