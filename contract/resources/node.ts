import { z } from 'zod';
import { time } from './values.ts';

/** A process that carries calls. */
export const node = z.object({
  node: z.int().describe('Its number among its peers, 0 to 999.'),
  version: z.string(),
  started_at: time,
  live_calls: z.int(),
  media: z
    .object({
      sessions: z.int().describe('RTP streams that are open.'),
      beats: z.int().describe('Beats of 20 ms since the start, over all threads.'),
      late_beats: z.int().describe('Those that began more than 10 ms late.'),
    })
    .describe('The load of the media threads.'),
});
