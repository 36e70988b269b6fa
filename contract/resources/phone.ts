import { z } from 'zod';
import { formatted } from '../fields.ts';
import { id, time } from './values.ts';

export const phone = z.object({
  id: id('phone'),
  customer_id: id('cust'),
  username: z.string().describe('It is called as `sip:username@…`, the host being ours.'),
  registered: z.boolean().describe('Whether it can be called now.'),
  registered_at: time.nullable().describe('When it registered last; null while it is not registered.'),
  last_failed_login_at: time
    .nullable()
    .describe(
      'When a REGISTER or INVITE in its name last had a wrong password; null since the last restart.',
    ),
  last_failed_login_address: z.string().nullable().describe('Where that came from.'),
  created_at: time,
});

export const newPhone = z.strictObject({
  username: formatted(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'made of letters, digits, ".", "_" and "-", at most 63 of them',
  ).describe('No two phones share one; upper and lower case count alike.'),
});

/** A phone just made, with what its settings need. */
export const phoneWithPassword = phone.extend({
  password: z.string().describe('Shown this once.'),
});
