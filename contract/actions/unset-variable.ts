import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';
import { variableName } from './set-variable.ts';

export const unsetVariable = defineAction({
  type: 'unset_variable',
  summary: 'Forgets a variable; one that is not set is not an error.',
  example: { name: 'customer_tier' },
  schema: z.strictObject({ name: variableName.describe('1 to 128 characters.') }).transform(camelCased),
});
