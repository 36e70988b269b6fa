import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

/** A variable's name. */
export const variableName = z.string().min(1).max(128);
/** A variable's value. */
export const variableValue = z.string().max(4096);

export const setVariable = defineAction({
  type: 'set_variable',
  summary: 'Keeps a value with the call: it is in every event and request, and survives redirects.',
  notes: ['A call holds at most 100 variables.'],
  example: { name: 'customer_tier', value: 'gold' },
  schema: z
    .strictObject({
      name: variableName.describe('1 to 128 characters.'),
      value: variableValue.describe('Up to 4,096 characters.'),
    })
    .transform(camelCased),
});
