import { z } from 'zod';
import { checkDocumentText } from '../../../contract/actions/index.ts';
import { DOCUMENT_BYTES, route } from '../route.ts';
import { baseOf } from '../urls.ts';
import { speechRulesOf } from '../voices/rules.ts';

const detail = z.object({
  pointer: z.string(),
  code: z.string(),
  message: z.string(),
  expected: z.string().optional(),
  found: z.string().optional(),
});

export const actionRoutes = [
  route({
    method: 'POST',
    path: '/v1/actions/validate',
    auth: 'any',
    maxBytes: DOCUMENT_BYTES,
    summary: 'Judges a document of actions as a call would, without one.',
    raw: true,
    answer: z.object({
      valid: z.boolean(),
      count: z.int().describe('How many actions it holds, where it is valid.'),
      details: z.array(detail).describe('Everything that is wrong with it.'),
    }),
    handle({ text, caller, services }) {
      // Relative URLs are allowed in a document that an application's server answers with.
      const base = baseOf(caller?.answerUrl) ?? 'https://example.com/';
      const verdict = checkDocumentText(text, {
        ...services.settings,
        base,
        speech: speechRulesOf(caller, services),
      });
      return verdict.ok
        ? { valid: true, count: verdict.actions.length, details: [] }
        : { valid: false, count: 0, details: verdict.details };
    },
  }),
];
