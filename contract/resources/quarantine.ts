import { z } from 'zod';
import { time } from './values.ts';

/** A stored row that cannot be used. */
export const quarantinedRow = z.object({
  table: z.string().describe('The table of the database, such as `trunks`.'),
  id: z.string().describe('The key of the row; several columns with `/` between them.'),
  reason: z.string().describe('Which columns hold what they must not hold.'),
  found_at: time,
});
