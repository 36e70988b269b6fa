/** Generates the reference from `contract/`, the table of routes and the other code that it describes. */
import { documentSchema, eventsSchema } from '../../contract/json-schema.ts';
import { faultsReference } from '../../tests/chaos/table.ts';
import { actionsReference } from './actions.ts';
import { answerUrlReference } from './answer-url.ts';
import { errorsReference } from './errors.ts';
import { eventsReference } from './events.ts';
import { restReference } from './rest.ts';
import { streamsReference } from './streams.ts';
import { voicesReference } from './voices.ts';

const text = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;

/** All generated files: the name in docs/reference/ and the content. */
export function references(): Record<string, string> {
  return {
    'actions.md': actionsReference(),
    'actions.schema.json': text(documentSchema()),
    'answer-url.md': answerUrlReference(),
    'asyncapi.json': text(streamsReference()),
    'errors.md': errorsReference(),
    'events.md': eventsReference(),
    'faults.md': faultsReference(),
    'events.schema.json': text(eventsSchema()),
    'rest.md': restReference(),
    'voices.md': voicesReference(),
  };
}
