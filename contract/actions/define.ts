import { z } from 'zod';
import { camelCased } from './camel-case.ts';

type ActionSchema = z.ZodPipe<z.ZodObject, z.ZodTransform>;

/** What one kind of action is: its name, its fields, and what a reader of the reference wants to know. */
export interface ActionDefinition<Type extends string = string, Schema extends ActionSchema = ActionSchema> {
  type: Type;
  /** One sentence: what it does and when it is over. */
  summary: string;
  /** What else one should know, a paragraph each. */
  notes: readonly string[];
  /** What stands after it does not run once it has taken the call. */
  terminal: boolean;
  /** Events that it may cause. */
  events: readonly string[];
  /** Its fields, filled in so that they make sense. */
  example: z.input<Schema>;
  /** Checks the wire's fields and makes the action's own of them, with defaults applied. */
  schema: Schema;
}

/** Says what an action is, leaving out what does not apply. */
export function defineAction<const Type extends string, Schema extends ActionSchema>(
  definition: Pick<ActionDefinition<Type, Schema>, 'type' | 'summary' | 'example' | 'schema'> &
    Partial<ActionDefinition<Type, Schema>>,
): ActionDefinition<Type, Schema> {
  return { notes: [], terminal: false, events: [], ...definition };
}

/** An action without fields. */
export const noFields = z.strictObject({}).transform(camelCased);

/** When to run a rule over several fields: always, whatever is wrong with single ones, if there are fields. */
export const whenFields = ({ value }: { value: unknown }): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
