import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_TYPES, ACTIONS, type ActionType } from '../contract/actions/index.ts';
import { answerQuery, answerRequest } from '../contract/answer-request.ts';
import { EVENT_NAMES, envelope } from '../contract/events.ts';
import { answerUrlReference, queryExample, requestExample } from '../scripts/reference/answer-url.ts';
import { eventExample } from '../scripts/reference/events.ts';
import { references } from '../scripts/reference/index.ts';
import { SimulatedCall } from '../src/actions/testing/simulated-call.ts';

describe('the reference', () => {
  test.each(Object.entries(references()))('%s is up to date: npm run docs', (name, text) => {
    expect(readFileSync(resolve(import.meta.dirname, '../docs/reference', name), 'utf8')).toBe(text);
  });

  test.each(EVENT_NAMES)('has an example of %s that matches its schema', (name) => {
    const example = eventExample(name);
    expect(envelope(name).parse(example)).toEqual(example);
  });
});

/** Runs an action and a redirect after it. @returns `data` of the request of the redirect, if the flow gets there. */
async function dataAfter(type: ActionType): Promise<Record<string, unknown> | undefined> {
  const call = new SimulatedCall({
    '/answer': [
      { [type]: ACTIONS[type].example },
      { redirect: { url: 'https://app.example/next', method: 'POST' } },
    ],
    '/next': [],
  });
  await call.seconds(1);
  call.dialed[0]?.farEndRefuses('busy', 486);
  await call.seconds(60);
  return call.requests[1]?.data;
}

/** The fields of the result of an action, as the page lists them. */
const documentedResult = (type: ActionType): string[] =>
  [...answerUrlReference().matchAll(new RegExp(`^\\| \\[\\\`${type}\\\`\\].*?\\| \\\`(\\w+)\\\``, 'gm'))].map(
    ([, field]) => field!,
  );

/** The flow does not reach an action after these. */
const LAST: ActionType[] = ['redirect', 'conference', 'hangup'];

describe('the page about the request to answer_url', () => {
  test.each(ACTION_TYPES.filter((type) => !LAST.includes(type)))(
    'lists what data has after %s',
    async (type) => {
      const data = await dataAfter(type);
      expect(data).toBeDefined();
      expect(Object.keys(data!)).toEqual(documentedResult(type));
      expect(Object.keys(data!)).toEqual(Object.keys(ACTIONS[type].result?.shape ?? {}));
    },
  );

  test('has examples that match the schemas', () => {
    expect(answerRequest.strict().parse(requestExample)).toEqual(requestExample);
    expect(answerQuery.strict().parse(queryExample)).toEqual(queryExample);
  });
});
