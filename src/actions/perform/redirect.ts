import { Failure } from '../../core/index.ts';
import { DOCUMENT_ERROR, nextDocument } from '../documents.ts';
import type { Perform } from '../flow.ts';

/** Continues with another document. `maxRedirects` limits the redirects of the whole call. */
export const redirect: Perform<'redirect'> = async (action, flow) => {
  if (flow.redirects >= action.maxRedirects) {
    throw new Failure(DOCUMENT_ERROR, `The call was redirected more than ${action.maxRedirects} times.`);
  }
  flow.redirects += 1;
  const actions = await nextDocument(flow, { url: action.url, method: action.method, reason: 'redirect' });
  return { kind: 'replace', actions };
};
