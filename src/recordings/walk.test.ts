import { expect, test } from 'vitest';
import { stories, Walk } from './testing/walk.ts';

/** The long form, `npm run test:crash -- --depth 6`, goes on to six. */
const DEPTH = 3;

test('whatever happens to a real recording, in whatever order and in the same beat, ends it once', async () => {
  const walk = await Walk.open();
  const wrong: string[] = [];
  let tried = 0;
  for (const story of stories(DEPTH)) {
    const found = await walk.try(story);
    tried++;
    if (found.length > 0) wrong.push(`${story.map(({ move, beats }) => `${move} ${beats}`)}: ${found}`);
  }
  await walk.close();
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(200);
  const endings = ['api', 'hangup', 'max_seconds', 'recovery', 'start_error', 'write_error'];
  expect([...walk.endings].sort()).toEqual(endings);
});
