import { z } from 'zod';
import { type CheckOptions, checkDocumentText, MAX_DOCUMENT_BYTES } from '../../../contract/actions/index.ts';
import { errorDetail } from '../../../contract/resources/index.ts';
import type { Application } from '../../directory/index.ts';
import { baseOf } from '../input.ts';
import { route, type Services } from '../route.ts';
import { speechRulesOf } from './speech.ts';

/**
 * The options for the check of a document.
 * @param url the application's `answer_url`: relative URLs in the document refer to it.
 */
export const checkOptions = (
  application: Application | null,
  url: string | undefined,
  services: Services,
): CheckOptions => ({
  ...services.settings,
  base: baseOf(url),
  speech: speechRulesOf(application, services),
});

export const actionRoutes = [
  route({
    method: 'POST',
    path: '/v1/actions/validate',
    auth: 'any',
    maxBytes: MAX_DOCUMENT_BYTES,
    summary: 'Checks a document of actions exactly as a call does, without a call.',
    raw: true,
    response: z.object({
      valid: z.boolean().describe('Whether a call would run the document.'),
      count: z.int().describe('The number of actions in a valid document; 0 if the document is invalid.'),
      details: z.array(errorDetail).describe('All errors in the document.'),
    }),
    handle({ text, client, services }) {
      // A document of an application's web server may have relative URLs, so they need a base here too.
      const options = checkOptions(client, client?.answerUrl, services);
      const verdict = checkDocumentText(text, { ...options, base: options.base ?? 'https://example.com/' });
      return verdict.ok
        ? { valid: true, count: verdict.actions.length, details: [] }
        : { valid: false, count: 0, details: verdict.details };
    },
  }),
];
