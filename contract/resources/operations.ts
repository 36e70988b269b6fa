import { z } from 'zod';
import { time } from './values.ts';

/** A process that carries calls. */
export const node = z.object({
  node: z.int().describe('The number of the node, 0 to 999.'),
  version: z.string().describe('The version of MiniVoice.'),
  started_at: time.describe('When the process started.'),
  live_calls: z.int().describe('The number of live calls.'),
  media: z
    .object({
      sessions: z.int().describe('The number of open RTP streams.'),
      beats: z.int().describe('The number of 20 ms ticks since the start, over all media threads.'),
      late_beats: z.int().describe('The number of ticks that began more than 10 ms late.'),
    })
    .describe('The load of the media threads.'),
});

/** A damaged database row. */
export const quarantinedRow = z.object({
  table: z.string().describe('The name of the database table, such as `trunks`.'),
  id: z.string().describe('The primary key of the row; several columns are separated by `/`.'),
  reason: z.string().describe('The columns with invalid values.'),
  found_at: time.describe('When the damage was found.'),
});
