import { type Action, checkDocument } from '../../contract/actions/index.ts';
import { Failure } from '../core/index.ts';
import { DOCUMENT_ERROR } from './documents.ts';
import type { Documents } from './ports.ts';

/** Documents that come with the program, so that a fresh one can be called before there is any application. */
const BUILTIN: Record<string, object[]> = {
  'builtin:demo': [
    { say: { text: 'Welcome to Mini Voice. Your server is running.' } },
    { gather: { prompt: 'Please press any key.', num_digits: 1, timeout_seconds: 10 } },
    { say: { text: 'Thank you. Please leave a message after the tone, then press a key, or hang up.' } },
    { start_recording: { beep: true, max_seconds: 60 } },
    { gather: { num_digits: 1, timeout_seconds: 30 } },
    { stop_recording: {} },
    { say: { text: 'Your message is saved. Goodbye.' } },
  ],
};

/** Documents of the web, and the built-in ones by their names. */
export function withBuiltin(documents: Documents): Documents {
  return {
    fetch: async (request) => {
      if (!request.url.startsWith('builtin:')) return documents.fetch(request);
      return builtin(request.url);
    },
  };
}

function builtin(name: string): Action[] {
  const verdict = checkDocument({ actions: BUILTIN[name] });
  if (verdict.ok) return verdict.actions;
  throw new Failure(DOCUMENT_ERROR, `There is no built-in document ${name}.`);
}
