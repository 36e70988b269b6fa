/**
 * The reference that is made from `contract/` and the table of routes, so that it cannot say anything else than
 * the code does.
 */
import { documentSchema, eventsSchema } from '../../contract/json-schema.ts';
import { faultsReference } from '../../tests/chaos/table.ts';
import { actionsReference } from './actions.ts';
import { errorsReference } from './errors.ts';
import { eventsReference } from './events.ts';
import { restReference } from './rest.ts';
import { streamsReference } from './streams.ts';

const text = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;

/** Every generated file: its name in docs/reference/ and what it holds. */
export function references(): Record<string, string> {
  return {
    'actions.md': actionsReference(),
    'actions.schema.json': text(documentSchema()),
    'asyncapi.json': text(streamsReference()),
    'errors.md': errorsReference(),
    'events.md': eventsReference(),
    'faults.md': faultsReference(),
    'events.schema.json': text(eventsSchema()),
    'rest.md': restReference(),
  };
}
