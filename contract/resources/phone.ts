import { z } from 'zod';
import { formatted } from '../fields.ts';
import { createdAt, id, time } from './values.ts';

export const phone = z.object({
  id: id('phone'),
  customer_id: id('cust'),
  username: z
    .string()
    .describe('The user name. The phone is reached at `sip:username@` and the host of MiniVoice.'),
  registered: z.boolean().describe('Whether the phone is registered now and can be called.'),
  registered_at: time
    .nullable()
    .describe('The time of the last registration; null while the phone is not registered.'),
  last_failed_login_at: time
    .nullable()
    .describe(
      'The time of the last REGISTER or INVITE with a wrong password; null if there was none since the last restart.',
    ),
  last_failed_login_address: z.string().nullable().describe('The source address of that request.'),
  created_at: createdAt,
});

export const newPhone = z.strictObject({
  username: formatted(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'made of letters, digits, ".", "_" and "-", at most 63 of them',
  ).describe('The user name. It is case-insensitive and unique among all phones.'),
});

/** A new phone with its password. */
export const phoneWithPassword = phone.extend({
  password: z.string().describe('The SIP password. Only this response has it.'),
});
