import { until } from '../support/until.ts';
import type { World } from './world.ts';

/** Metrics that return to 0 when no calls are left. */
const GAUGES = ['calls_live', 'sip_dialogs_open', 'sip_invites_open', 'media_sessions', 'streams_open'];
/** This one takes 64 × T1. */
const SLOW = 'sip_transactions_open';

/** Resolves when nothing is open any more; rejects with what stays open. */
export async function nothingLeft(world: World, env: Record<string, string> = {}): Promise<void> {
  const names = env['MINIVOICE_SIP_T1_MS'] ? [...GAUGES, SLOW] : GAUGES;
  let left: string[] = [];
  const nothing = async () => {
    const values = await world.harness.server.metricValues(...names);
    left = names.filter((_, at) => values[at] !== 0);
    return left.length === 0;
  };
  await until(nothing, 'nothing is open').catch((error) => {
    throw new Error(`left open: ${left.join(', ')}`, { cause: error });
  });
}
