import { z } from 'zod';
import { e164 } from '../fields.ts';
import { id, time } from './values.ts';

export const verifiedNumber = z.object({
  id: id('vnum'),
  customer_id: id('cust'),
  number_e164: z.string(),
  created_at: time,
});

export const newVerifiedNumber = z.strictObject({
  number_e164: e164.describe("A number that the operator knows to be the customer's: its calls may show it."),
});
