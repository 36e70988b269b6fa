import { z } from 'zod';

type ActionSchema = z.ZodPipe<z.ZodObject, z.ZodTransform>;

/** The definition of one kind of action: its name, its fields, and its text in the reference. */
export interface ActionDefinition<Type extends string = string, Schema extends ActionSchema = ActionSchema> {
  type: Type;
  /** One sentence: what the action does and when it is complete. */
  summary: string;
  /** More paragraphs for the reference. */
  notes: readonly string[];
  /** Once this action has taken the call, the actions after it do not run. */
  terminal: boolean;
  /** Events that the action can cause. */
  events: readonly string[];
  /** The result that the next request to the application has in `data`; undefined if the action has none. */
  result: z.ZodObject | undefined;
  /** Example values for the fields. */
  example: z.input<Schema>;
  /** Checks the fields on the wire and converts them to the action that runs, with defaults applied. */
  schema: Schema;
}

/** Defines an action; properties that do not apply can be left out. */
export function defineAction<const Type extends string, Schema extends ActionSchema>(
  definition: Pick<ActionDefinition<Type, Schema>, 'type' | 'summary' | 'example' | 'schema'> &
    Partial<ActionDefinition<Type, Schema>>,
): ActionDefinition<Type, Schema> {
  return { notes: [], terminal: false, events: [], result: undefined, ...definition };
}

/** Whether a rule over several fields can run: always if there are fields, even if some of them are invalid. */
export const whenFields = ({ value }: { value: unknown }): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `num_digits` becomes `numDigits`. */
type Camel<Text> = Text extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Text;

export type CamelCased<Fields> = { [Name in keyof Fields as Camel<Name>]: Fields[Name] };

/** Converts the names of the fields to camelCase. Does not change the values. */
export function camelCased<Fields extends object>(fields: Fields): CamelCased<Fields> {
  const entries = Object.entries(fields).map(([name, value]) => [camel(name), value]);
  return Object.fromEntries(entries) as CamelCased<Fields>;
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The schema of an action without fields. */
export const noFields = z.strictObject({}).transform(camelCased);
