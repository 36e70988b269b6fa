import type { Server } from '../../e2e/support/server.ts';
import { usageOf } from './process.ts';

/** The ticks of the media threads and the CPU time of a server so far, for differences. */
export async function snapshot(server: Server) {
  const [beats, late] = await server.metricValues('media_beats_total', 'media_late_beats_total');
  return { at: performance.now(), beats, late, ...usageOf(server.pid) };
}
